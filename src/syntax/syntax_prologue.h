/*-------------------------------------------------------------------------
 *
 * syntax_prologue.h
 *	  Moving a function's first instructions somewhere else
 *
 * Pure functions, bytes in and bytes out.  They include nothing of the
 * server's and are compiled on every machine, so that test/unit can run both
 * on recorded prologues wherever it is built.
 *
 *-------------------------------------------------------------------------
 */
#ifndef TEMPORAL_SYNTAX_PROLOGUE_H
#define TEMPORAL_SYNTAX_PROLOGUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bytes of a function that the functions below may look at */
#define SYNTAX_PROLOGUE_LOOK	32

/* Room for moved instructions and the jump back behind them */
#define SYNTAX_PROLOGUE_MOVED	64

/*
 * How to divert a function.
 *
 *	function				patched					trampoline
 *	+----------------+		+----------------+		+----------------------+
 *	| kept           |		| patch          |		| moved instructions   |
 *	| covered        | ---> |   ...          |		| jump to function +   |
 *	| rest           |		| rest           | <--- |   resume             |
 *	+----------------+		+----------------+		+----------------------+
 */
typedef struct SyntaxPrologue
{
	/* What replaces the function's first bytes, a jump to the island */
	uint8_t		patch[SYNTAX_PROLOGUE_LOOK];
	size_t		patch_size;

	/* What has to run before the function is resumed, and the jump back */
	uint8_t		moved[SYNTAX_PROLOGUE_MOVED];
	size_t		moved_size;
	size_t		resume;			/* offset in the function where it goes on */
} SyntaxPrologue;

/*
 * Fills *prologue for a function of which SYNTAX_PROLOGUE_LOOK bytes at code
 * are given and which runs at address function, to be diverted to the address
 * island, with the moved instructions running at address moved.  Says false,
 * and nothing else, when an instruction is not known to be movable or an
 * address is out of reach.
 */
extern bool syntax_prologue_x86_64(const uint8_t *code, uint64_t function,
								   uint64_t island, uint64_t moved,
								   SyntaxPrologue *prologue);
extern bool syntax_prologue_aarch64(const uint8_t *code, uint64_t function,
									uint64_t island, uint64_t moved,
									SyntaxPrologue *prologue);

/*
 * Writes the absolute jump to target that an island consists of, and returns
 * its size (at most SYNTAX_PROLOGUE_MOVED).
 */
extern size_t syntax_island_x86_64(uint8_t *code, uint64_t target);
extern size_t syntax_island_aarch64(uint8_t *code, uint64_t target);

#endif							/* TEMPORAL_SYNTAX_PROLOGUE_H */
