/*-------------------------------------------------------------------------
 *
 * syntax_takeover.c
 *	  Diverting a function of the running server
 *
 * The function's first bytes become a jump.  The island it jumps to is one
 * page mapped near the function, because the jump's reach is short and our
 * library may be loaded anywhere:
 *
 *		function	jump to island		-- the only bytes of the server changed
 *		island + 0	absolute jump to the replacement
 *		island + 64	the moved instructions, jump back into the function
 *
 * WHEN.  While the postmaster loads shared_preload_libraries: it has one
 * thread then, and every backend is forked from it with the patch in place
 * (the page is private to the server's processes, no file is written).
 *
 * SAFETY.  Everything that may be refused (unknown instructions, no page in
 * reach, a kernel that denies writable code) is asked for before the first
 * byte changes.  The page is made writable while it stays executable: to
 * withdraw that right from a page that once was executable is never refused,
 * while to give it back to a page that was written may be (SELinux' execmod).
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

#include "syntax/syntax_prologue.h"
#include "syntax/syntax_takeover.h"

#if defined(__x86_64__) && defined(__LP64__)
#define TAKEOVER_PROLOGUE	syntax_prologue_x86_64
#define TAKEOVER_ISLAND		syntax_island_x86_64
#define TAKEOVER_REACH		(UINT64CONST(1) << 30)
#elif defined(__aarch64__) && defined(__LP64__) && !defined(__AARCH64EB__)
#define TAKEOVER_PROLOGUE	syntax_prologue_aarch64
#define TAKEOVER_ISLAND		syntax_island_aarch64
#define TAKEOVER_REACH		(UINT64CONST(120) << 20)
#endif

/* The moved instructions start here in the island */
#define TAKEOVER_MOVED_AT	64

/* Distance between two places where a page is asked for */
#define TAKEOVER_STEP		(UINT64CONST(1) << 20)

/* What undo needs */
static uint8 *takeover_function = NULL;
static uint8 takeover_bytes[SYNTAX_PROLOGUE_LOOK];
static size_t takeover_size = 0;

static bool takeover_write(uint8 *at, const uint8 *bytes, size_t size);

#ifdef TAKEOVER_PROLOGUE
/*
 * Maps one page within reach of near, or returns NULL.  Looks below first: a
 * page above might stand in the way of the heap.
 */
static uint8 *
takeover_map_island(uint64 near, size_t page)
{
	for (int side = 0; side < 2; side++)
	{
		for (uint64 distance = TAKEOVER_STEP; distance < TAKEOVER_REACH;
			 distance += TAKEOVER_STEP)
		{
			uint64		wish;
			void	   *got;

			if (side == 0 && near < distance + TAKEOVER_STEP)
				break;
			wish = (side == 0 ? near - distance : near + distance);
			wish &= ~((uint64) page - 1);
			got = mmap((void *) (uintptr_t) wish, page,
					   PROT_READ | PROT_WRITE,
					   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
			if (got == MAP_FAILED)
				return NULL;
			if ((uintptr_t) got == wish)
				return got;
			munmap(got, page);
		}
	}
	return NULL;
}
#endif

const char *
syntax_takeover(SyntaxFunction function, SyntaxFunction replacement,
				SyntaxFunction *original)
{
#ifndef TAKEOVER_PROLOGUE
	return "the server runs on a processor that is not supported";
#else
	size_t		page = sysconf(_SC_PAGESIZE);
	uint64		at = (uintptr_t) function;
	uint64		target = (uintptr_t) replacement;
	uint8	   *island;
	SyntaxPrologue prologue;

	island = takeover_map_island(at, page);
	if (island == NULL)
		return "no memory near the server's code could be mapped";
	if (!TAKEOVER_PROLOGUE((const uint8 *) (uintptr_t) at, at,
						   (uintptr_t) island,
						   (uintptr_t) island + TAKEOVER_MOVED_AT, &prologue))
	{
		munmap(island, page);
		return "raw_parser() begins with unknown instructions";
	}
	TAKEOVER_ISLAND(island, target);
	memcpy(island + TAKEOVER_MOVED_AT, prologue.moved, prologue.moved_size);
	__builtin___clear_cache((char *) island, (char *) island + page);
	if (mprotect(island, page, PROT_READ | PROT_EXEC) != 0)
	{
		munmap(island, page);
		return "the operating system does not allow to make code executable";
	}

	takeover_function = (uint8 *) (uintptr_t) at;
	takeover_size = prologue.patch_size;
	memcpy(takeover_bytes, takeover_function, takeover_size);
	if (!takeover_write(takeover_function, prologue.patch, takeover_size))
	{
		takeover_function = NULL;
		munmap(island, page);
		return "the operating system does not allow to change code";
	}
	*original = (SyntaxFunction) (uintptr_t) (island + TAKEOVER_MOVED_AT);
	return NULL;
#endif
}

/*
 * The island stays mapped: it costs one page, and nobody has to prove that no
 * pointer into it is left.
 */
void
syntax_takeover_undo(void)
{
	if (takeover_function != NULL)
		(void) takeover_write(takeover_function, takeover_bytes,
							  takeover_size);
	takeover_function = NULL;
}

/*
 * Overwrites code; false, with nothing changed, if that is not allowed.
 */
static bool
takeover_write(uint8 *at, const uint8 *bytes, size_t size)
{
	uintptr_t	page = sysconf(_SC_PAGESIZE);
	uintptr_t	first = (uintptr_t) at & ~(page - 1);
	size_t		length = ((uintptr_t) at + size - first + page - 1) & ~(page - 1);

	if (mprotect((void *) first, length,
				 PROT_READ | PROT_WRITE | PROT_EXEC) != 0)
		return false;
	memcpy(at, bytes, size);
	__builtin___clear_cache((char *) at, (char *) at + size);
	/* harmless if it should fail: the page then merely stays writable */
	(void) mprotect((void *) first, length, PROT_READ | PROT_EXEC);
	return true;
}
