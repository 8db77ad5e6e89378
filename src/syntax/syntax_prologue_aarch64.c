/*-------------------------------------------------------------------------
 *
 * syntax_prologue_aarch64.c
 *	  Moving a function's first instructions, aarch64
 *
 * THE PATCH is one instruction, B imm26, which reaches 128 MiB.
 *
 * LANDING PADS.  Where the server is built with branch protection, an
 * indirect call (another library's, through its PLT) must arrive at BTI C or
 * at PACIASP, and a return address signed by PACIASP must be authenticated by
 * the same function.  So
 *
 *		first instruction		becomes				moved
 *		bti c; X				bti c; b island		X
 *		paciasp; X				bti c; b island		paciasp; X
 *		X						b island			X
 *
 * The jump back is a direct branch as well: an indirect one would have to
 * arrive at a landing pad, and the middle of a function is none.
 *
 * THE WHITE LIST for X: saving a pair or a register on the stack, moving the
 * stack pointer, register moves and constants, and ADRP and ADR, which are
 * re-based.  Everything else is refused.
 *
 *-------------------------------------------------------------------------
 */
#include "syntax/syntax_prologue.h"

#include <string.h>

#define A64_BTI_C				0xd503245fU
#define A64_PACIASP				0xd503233fU
#define A64_PACIBSP				0xd503237fU
#define A64_NOP					0xd503201fU
#define A64_B					0x14000000U
#define A64_PAGE				UINT64_C(0xfff)

static uint32_t
a64_read(const uint8_t *code)
{
	uint32_t	instruction;

	memcpy(&instruction, code, sizeof(instruction));
	return instruction;
}

/*
 * Encodes B from address from to address to; false if out of reach.
 */
static bool
a64_branch(uint8_t *code, uint64_t from, uint64_t to)
{
	int64_t		distance = (int64_t) (to - from);
	uint32_t	instruction;

	if ((distance & 3) != 0 ||
		distance < -(INT64_C(1) << 27) || distance >= (INT64_C(1) << 27))
		return false;
	instruction = A64_B | (((uint64_t) distance >> 2) & 0x03ffffffU);
	memcpy(code, &instruction, sizeof(instruction));
	return true;
}

/*
 * Moves ADR or ADRP from address from to address to, so that it loads the
 * same address as before; false if that is out of reach.
 */
static bool
a64_rebase(uint32_t *instruction, uint64_t from, uint64_t to)
{
	bool		page = (*instruction >> 31) != 0;
	int64_t		value;
	uint64_t	target;

	/* imm = immhi (bits 23..5) : immlo (bits 30..29), signed, 21 bits */
	value = (int64_t) ((((*instruction >> 5) & 0x7ffffU) << 2) |
					   ((*instruction >> 29) & 3U));
	if (value & (INT64_C(1) << 20))
		value -= INT64_C(1) << 21;

	if (page)
	{
		target = (from & ~A64_PAGE) + (uint64_t) value * 4096;
		value = (int64_t) (target - (to & ~A64_PAGE)) / 4096;
	}
	else
	{
		target = from + (uint64_t) value;
		value = (int64_t) (target - to);
	}
	if (value < -(INT64_C(1) << 20) || value >= (INT64_C(1) << 20))
		return false;
	*instruction = (*instruction & 0x9f00001fU) |
		(((uint32_t) value & 3U) << 29) |
		((((uint32_t) value >> 2) & 0x7ffffU) << 5);
	return true;
}

/*
 * Is this instruction the same wherever it stands?
 */
static bool
a64_is_movable(uint32_t instruction)
{
	/* stp xt1, xt2, [sp, #imm]!  and  [sp, #imm]; Rn must be sp */
	if (((instruction & 0xffc00000U) == 0xa9800000U ||
		 (instruction & 0xffc00000U) == 0xa9000000U) &&
		((instruction >> 5) & 31) == 31)
		return true;
	/* str xt, [sp, #imm]!  and  str xt, [sp, #imm] */
	if ((instruction & 0xffe00c00U) == 0xf8000c00U &&
		((instruction >> 5) & 31) == 31)
		return true;
	if ((instruction & 0xffc00000U) == 0xf9000000U &&
		((instruction >> 5) & 31) == 31)
		return true;
	/* sub sp, sp, #imm */
	if ((instruction & 0xff8003ffU) == 0xd10003ffU)
		return true;
	/* mov xd, sp (add xd, sp, #imm) */
	if ((instruction & 0xff8003e0U) == 0x910003e0U)
		return true;
	/* mov rd, rm (orr rd, zr, rm), 64 and 32 bits */
	if ((instruction & 0x7fe0ffe0U) == 0x2a0003e0U)
		return true;
	/* movz rd, #imm */
	if ((instruction & 0x7f800000U) == 0x52800000U)
		return true;
	return instruction == A64_NOP;
}

bool
syntax_prologue_aarch64(const uint8_t *code, uint64_t function,
						uint64_t island, uint64_t moved,
						SyntaxPrologue *prologue)
{
	const uint32_t landing = A64_BTI_C;
	uint32_t	first = a64_read(code);
	uint32_t	instruction;
	size_t		at = 0;
	size_t		size = 0;

	if (first == A64_BTI_C || first == A64_PACIASP || first == A64_PACIBSP)
	{
		memcpy(prologue->patch, &landing, sizeof(landing));
		at = sizeof(landing);
		if (first != A64_BTI_C)
		{
			memcpy(prologue->moved, &first, sizeof(first));
			size = sizeof(first);
		}
	}

	/* the one instruction that makes way for the jump */
	instruction = a64_read(code + at);
	if ((instruction & 0x1f000000U) == 0x10000000U)
	{
		if (!a64_rebase(&instruction, function + at, moved + size))
			return false;
	}
	else if (!a64_is_movable(instruction))
		return false;
	memcpy(prologue->moved + size, &instruction, sizeof(instruction));
	size += sizeof(instruction);

	if (!a64_branch(prologue->patch + at, function + at, island))
		return false;
	prologue->patch_size = at + sizeof(instruction);
	prologue->resume = prologue->patch_size;

	if (!a64_branch(prologue->moved + size, moved + size,
					function + prologue->resume))
		return false;
	prologue->moved_size = size + sizeof(instruction);
	return true;
}

size_t
syntax_island_aarch64(uint8_t *code, uint64_t target)
{
	/* ldr x16, 8; br x16; then the address */
	static const uint32_t jump[] = {0x58000050U, 0xd61f0200U};

	memcpy(code, jump, sizeof(jump));
	memcpy(code + sizeof(jump), &target, sizeof(target));
	return sizeof(jump) + sizeof(target);
}
