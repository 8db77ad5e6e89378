/*-------------------------------------------------------------------------
 *
 * prologue_test.c
 *	  Moving the first instructions of recorded and of made-up functions
 *
 * Runs without a server and on any machine, because what it tests are pure
 * functions on bytes.  Prints TAP.
 *
 * A recorded prologue must be movable, and moving it must keep its meaning:
 * the test decodes the patch, the jump back and the re-based addresses with
 * code of its own.  A made-up one shows an instruction that must be refused.
 *
 *-------------------------------------------------------------------------
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "syntax/syntax_prologue.h"

#include "recorded_prologues.h"

#define LENGTH(array)	(sizeof(array) / sizeof((array)[0]))

/* Where the function, the island and the moved instructions are said to be */
#define FUNCTION		UINT64_C(0x555555a79260)
#define ISLAND			UINT64_C(0x555551a00000)
#define MOVED			(ISLAND + 64)
#define FAR_AWAY		UINT64_C(0x7ffff7a00000)

static int	tests = 0;
static int	failures = 0;

static void
ok(bool passed, const char *format, ...)
{
	va_list		args;

	printf("%sok %d - ", passed ? "" : "not ", ++tests);
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	printf("\n");
	if (!passed)
		failures++;
}

static uint32_t
read32(const uint8_t *bytes)
{
	uint32_t	value;

	memcpy(&value, bytes, sizeof(value));
	return value;
}

/* Target of E9 rel32 at an address; 0 if it is no such jump */
static uint64_t
x86_jump_target(const uint8_t *bytes, uint64_t at)
{
	if (bytes[0] != 0xe9)
		return 0;
	return at + 5 + (int64_t) (int32_t) read32(bytes + 1);
}

/* Address that lea reg, [rip + disp] loads; 0 if it is another instruction */
static uint64_t
x86_lea_target(const uint8_t *bytes, uint64_t at)
{
	if ((bytes[0] & 0xf8) != 0x48 || bytes[1] != 0x8d ||
		(bytes[2] & 0xc7) != 0x05)
		return 0;
	return at + 7 + (int64_t) (int32_t) read32(bytes + 3);
}

static uint64_t
a64_branch_target(uint32_t instruction, uint64_t at)
{
	int64_t		offset = instruction & 0x03ffffff;

	if ((instruction & 0xfc000000) != 0x14000000)
		return 0;
	if (offset & 0x02000000)
		offset -= 0x04000000;
	return at + offset * 4;
}

static uint64_t
a64_adrp_target(uint32_t instruction, uint64_t at)
{
	int64_t		pages;

	pages = ((instruction >> 5) & 0x7ffff) << 2 | ((instruction >> 29) & 3);
	if (pages & 0x100000)
		pages -= 0x200000;
	return (at & ~UINT64_C(0xfff)) + pages * 4096;
}

static void
test_x86_recorded(const RecordedPrologue *recorded)
{
	SyntaxPrologue prologue;
	bool		endbr = recorded->code[0] == 0xf3;
	size_t		kept = endbr ? 4 : 0;
	size_t		back;
	bool		same = true;

	ok(syntax_prologue_x86_64(recorded->code, FUNCTION, ISLAND, MOVED,
							  &prologue),
	   "%s, x86-64: can be moved", recorded->build);
	ok(memcmp(prologue.patch, recorded->code, kept) == 0 &&
	   x86_jump_target(prologue.patch + kept, FUNCTION + kept) == ISLAND,
	   "%s, x86-64: the patch jumps to the island", recorded->build);

	back = prologue.moved_size - 5;
	ok(back == prologue.resume - kept && prologue.resume - kept >= 5 &&
	   prologue.patch_size == prologue.resume &&
	   x86_jump_target(prologue.moved + back, MOVED + back) ==
	   FUNCTION + prologue.resume,
	   "%s, x86-64: the moved part goes on behind the patch", recorded->build);

	/* moved instructions have their old length, so they can be compared */
	for (size_t i = 0; i < back;)
	{
		const uint8_t *before = recorded->code + kept + i;
		uint64_t	target = x86_lea_target(before, FUNCTION + kept + i);

		if (target != 0)
		{
			same &= (x86_lea_target(prologue.moved + i, MOVED + i) == target);
			i += 7;
		}
		else
			same &= (before[0] == prologue.moved[i]), i++;
	}
	ok(same, "%s, x86-64: the moved part loads the same addresses",
	   recorded->build);
	ok(!syntax_prologue_x86_64(recorded->code, FUNCTION, FAR_AWAY,
							   FAR_AWAY + 64, &prologue),
	   "%s, x86-64: an island out of reach is refused", recorded->build);
}

static void
test_a64_recorded(const RecordedPrologue *recorded)
{
	SyntaxPrologue prologue;
	uint32_t	first = read32(recorded->code);
	bool		paciasp = first == 0xd503233f;
	size_t		at = paciasp ? 4 : 0;
	size_t		back;

	ok(syntax_prologue_aarch64(recorded->code, FUNCTION, ISLAND, MOVED,
							   &prologue),
	   "%s, aarch64: can be moved", recorded->build);
	ok(a64_branch_target(read32(prologue.patch + at), FUNCTION + at) == ISLAND &&
	   (!paciasp || read32(prologue.patch) == 0xd503245f),
	   "%s, aarch64: the patch is a landing pad, and jumps to the island",
	   recorded->build);
	back = prologue.moved_size - 4;
	ok(memcmp(prologue.moved, recorded->code, back) == 0 &&
	   a64_branch_target(read32(prologue.moved + back), MOVED + back) ==
	   FUNCTION + prologue.resume && back == prologue.resume,
	   "%s, aarch64: the moved part goes on behind the patch",
	   recorded->build);
	ok(!syntax_prologue_aarch64(recorded->code, FUNCTION,
								FUNCTION + (UINT64_C(1) << 28), MOVED, &prologue),
	   "%s, aarch64: an island out of reach is refused", recorded->build);
}

typedef struct RefusedPrologue
{
	const char *what;
	uint8_t		code[SYNTAX_PROLOGUE_LOOK];
} RefusedPrologue;

static const RefusedPrologue x86_refused[] = {
	{"a jump that is there already", {0xe9, 0, 0, 0, 0}},
	{"an indirect jump", {0xff, 0x25, 0, 0, 0, 0}},
	{"a call", {0x55, 0xe8, 0, 0, 0, 0}},
	{"a short jump", {0x55, 0xeb, 0x10, 0x90, 0x90}},
	{"a conditional jump", {0x55, 0x74, 0x10, 0x90, 0x90}},
	{"a return", {0x31, 0xc0, 0xc3, 0x90, 0x90}},
	{"a RIP-relative load", {0x48, 0x8b, 0x05, 1, 0, 0, 0}},
	{"a store", {0x48, 0x89, 0x45, 0xf8, 0x90}},
	{"a 32-bit lea", {0x8d, 0x05, 1, 0, 0, 0}},
	{"and rsp, imm", {0x48, 0x83, 0xe4, 0xf0, 0x90}},
	{"int3, a debugger's breakpoint", {0xcc, 0x48, 0x89, 0xe5, 0x90}},
	{"a prefix", {0x66, 0x50, 0x90, 0x90, 0x90}},
	{"zeroes", {0}},
	{"endbr64 in second place", {0x55, 0xf3, 0x0f, 0x1e, 0xfa}}
};

/* little-endian words */
#define A64(w)	((w) & 0xff), (((w) >> 8) & 0xff), (((w) >> 16) & 0xff), ((w) >> 24)

static const RefusedPrologue a64_refused[] = {
	{"a branch that is there already", {A64(0x14000010u)}},
	{"a call", {A64(0x94000010u)}},
	{"cbz", {A64(0xb4000040u)}},
	{"a conditional branch", {A64(0x54000040u)}},
	{"a return", {A64(0xd65f03c0u)}},
	{"a literal load", {A64(0x58000050u)}},
	{"a load", {A64(0xf9400000u)}},
	{"brk", {A64(0xd4200000u)}},
	{"paciasp and a call", {A64(0xd503233fu), A64(0x94000010u)}},
	{"zeroes", {0}}
};

static void
test_a64_adrp(void)
{
	/* adrp x4, +0x15 pages, then bti c before it */
	const uint8_t plain[SYNTAX_PROLOGUE_LOOK] = {A64(0xb00000a4u)};
	const uint8_t landing[SYNTAX_PROLOGUE_LOOK] = {A64(0xd503245fu), A64(0xb00000a4u)};
	SyntaxPrologue prologue;

	ok(syntax_prologue_aarch64(plain, FUNCTION, ISLAND, MOVED, &prologue) &&
	   (read32(prologue.moved) & 31) == 4 &&
	   a64_adrp_target(read32(prologue.moved), MOVED) ==
	   a64_adrp_target(0xb00000a4u, FUNCTION),
	   "aarch64: adrp is re-based");
	ok(syntax_prologue_aarch64(landing, FUNCTION, ISLAND, MOVED, &prologue) &&
	   read32(prologue.patch) == 0xd503245fu && prologue.resume == 8 &&
	   a64_adrp_target(read32(prologue.moved), MOVED) ==
	   a64_adrp_target(0xb00000a4u, FUNCTION + 4),
	   "aarch64: bti c stays where it is");
}

static void
test_x86_lea_reach(void)
{
	/* lea rcx, [rip + 0x7ffffff0]: moved down, it no longer reaches */
	const uint8_t code[SYNTAX_PROLOGUE_LOOK] = {0x48, 0x8d, 0x0d, 0xf0, 0xff, 0xff, 0x7f};
	SyntaxPrologue prologue;

	ok(!syntax_prologue_x86_64(code, FUNCTION, ISLAND, MOVED, &prologue),
	   "x86-64: an address that gets out of reach is refused");
}

static void
test_islands(void)
{
	uint8_t		code[SYNTAX_PROLOGUE_MOVED];
	uint64_t	target;

	memset(code, 0, sizeof(code));
	ok(syntax_island_x86_64(code, FAR_AWAY) == 14, "x86-64: size of an island");
	memcpy(&target, code + 6, sizeof(target));
	ok(code[0] == 0xff && code[1] == 0x25 && read32(code + 2) == 0 &&
	   target == FAR_AWAY, "x86-64: the island jumps to any address");
	ok(syntax_island_aarch64(code, FAR_AWAY) == 16, "aarch64: size of an island");
	memcpy(&target, code + 8, sizeof(target));
	ok(read32(code) == 0x58000050 && read32(code + 4) == 0xd61f0200 &&
	   target == FAR_AWAY, "aarch64: the island jumps to any address");
}

int
main(void)
{
	SyntaxPrologue prologue;

	for (size_t i = 0; i < LENGTH(recorded_prologues); i++)
	{
		if (recorded_prologues[i].machine == prologue_x86_64)
			test_x86_recorded(&recorded_prologues[i]);
		else
			test_a64_recorded(&recorded_prologues[i]);
	}
	for (size_t i = 0; i < LENGTH(x86_refused); i++)
		ok(!syntax_prologue_x86_64(x86_refused[i].code, FUNCTION, ISLAND,
								   MOVED, &prologue),
		   "x86-64: %s is refused", x86_refused[i].what);
	for (size_t i = 0; i < LENGTH(a64_refused); i++)
		ok(!syntax_prologue_aarch64(a64_refused[i].code, FUNCTION, ISLAND,
									MOVED, &prologue),
		   "aarch64: %s is refused", a64_refused[i].what);
	test_x86_lea_reach();
	test_a64_adrp();
	test_islands();

	printf("1..%d\n", tests);
	return failures == 0 ? 0 : 1;
}
