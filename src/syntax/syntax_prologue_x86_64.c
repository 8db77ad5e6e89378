/*-------------------------------------------------------------------------
 *
 * syntax_prologue_x86_64.c
 *	  Moving a function's first instructions, x86-64
 *
 * THE PATCH is five bytes, E9 rel32.  Whole instructions must make way for
 * it, so the first ones are decoded until five bytes are covered.  An endbr64
 * in first place is kept where it is: it is the landing pad of indirect calls.
 *
 * THE WHITE LIST is what compilers put at the beginning of a function that
 * saves registers, makes room on the stack and loads its first arguments.
 * The bytes are
 *
 *		50+r | 41 50+r					push reg
 *		[REX] 89 | 8B  mod=3			mov reg, reg
 *		[REX] 31 | 33  mod=3			xor reg, reg
 *		REX.W 8D  mod=0 rm=5 disp32		lea reg, [rip + disp]	re-based
 *		REX.W 8D  mod=1|2				lea reg, [reg + disp]
 *		48 83 EC ib | 48 81 EC id		sub rsp, imm
 *		[41] B8+r id					mov reg32, imm
 *
 * Anything else, among it every jump, call and memory access, is refused.
 *
 *-------------------------------------------------------------------------
 */
#include "syntax/syntax_prologue.h"

#include <string.h>

#define X86_JUMP_SIZE			5
#define X86_REX_W				0x08

#define MODRM_MOD(m)			((m) >> 6)
#define MODRM_RM(m)				((m) & 7)

static const uint8_t x86_endbr64[] = {0xf3, 0x0f, 0x1e, 0xfa};

/*
 * Size of the white-listed instruction at code, 0 if it is none.  Sets
 * *displacement to the offset of a RIP-relative displacement in it, or 0.
 */
static size_t
x86_instruction(const uint8_t *code, size_t *displacement)
{
	size_t		at = 0;
	uint8_t		rex = 0;
	uint8_t		opcode;
	uint8_t		modrm;

	*displacement = 0;
	if ((code[0] & 0xf0) == 0x40)
		rex = code[at++];
	opcode = code[at++];
	modrm = code[at];

	if (opcode >= 0x50 && opcode <= 0x57)
		return (rex == 0 || rex == 0x41) ? at : 0;
	if (opcode >= 0xb8 && opcode <= 0xbf)
		return (rex == 0 || rex == 0x41) ? at + 4 : 0;
	switch (opcode)
	{
		case 0x31:
		case 0x33:
		case 0x89:
		case 0x8b:
			return MODRM_MOD(modrm) == 3 ? at + 1 : 0;
		case 0x8d:
			if (!(rex & X86_REX_W))
				return 0;
			if (MODRM_MOD(modrm) == 0 && MODRM_RM(modrm) == 5)
			{
				*displacement = at + 1;
				return at + 5;
			}
			if (MODRM_MOD(modrm) == 1)
				return at + (MODRM_RM(modrm) == 4 ? 3 : 2);
			if (MODRM_MOD(modrm) == 2)
				return at + (MODRM_RM(modrm) == 4 ? 6 : 5);
			return 0;
		case 0x83:
			return (rex == 0x48 && modrm == 0xec) ? at + 2 : 0;
		case 0x81:
			return (rex == 0x48 && modrm == 0xec) ? at + 5 : 0;
		default:
			return 0;
	}
}

/*
 * Writes target relative to the end of a 32-bit field whose instruction ends
 * at address next; false if it does not fit.
 */
static bool
x86_relative(uint8_t *field, uint64_t target, uint64_t next)
{
	int64_t		distance = (int64_t) (target - next);
	int32_t		value = (int32_t) distance;

	if (value != distance)
		return false;
	memcpy(field, &value, sizeof(value));
	return true;
}

bool
syntax_prologue_x86_64(const uint8_t *code, uint64_t function,
					   uint64_t island, uint64_t moved,
					   SyntaxPrologue *prologue)
{
	size_t		kept = 0;
	size_t		at;
	uint8_t    *out = prologue->moved;
	size_t		size = 0;

	if (memcmp(code, x86_endbr64, sizeof(x86_endbr64)) == 0)
		kept = sizeof(x86_endbr64);

	for (at = kept; at < kept + X86_JUMP_SIZE;)
	{
		size_t		displacement;
		size_t		length = x86_instruction(code + at, &displacement);

		if (length == 0)
			return false;
		memcpy(out + size, code + at, length);
		if (displacement != 0)
		{
			int32_t		relative;
			uint64_t	target;

			/* a displacement counts from the end of its instruction */
			memcpy(&relative, code + at + displacement, sizeof(relative));
			target = function + at + length + (int64_t) relative;
			if (!x86_relative(out + size + displacement, target,
							  moved + size + length))
				return false;
		}
		at += length;
		size += length;
	}

	/* the jump back */
	out[size] = 0xe9;
	if (!x86_relative(out + size + 1, function + at,
					  moved + size + X86_JUMP_SIZE))
		return false;
	prologue->moved_size = size + X86_JUMP_SIZE;
	prologue->resume = at;

	/* the jump away, padded with int3 that nothing ever reaches */
	memcpy(prologue->patch, code, kept);
	memset(prologue->patch + kept, 0xcc, at - kept);
	prologue->patch[kept] = 0xe9;
	prologue->patch_size = at;
	return x86_relative(prologue->patch + kept + 1, island,
						function + kept + X86_JUMP_SIZE);
}

size_t
syntax_island_x86_64(uint8_t *code, uint64_t target)
{
	/* jmp *0(%rip), then the address */
	static const uint8_t jump[] = {0xff, 0x25, 0x00, 0x00, 0x00, 0x00};

	memcpy(code, jump, sizeof(jump));
	memcpy(code + sizeof(jump), &target, sizeof(target));
	return sizeof(jump) + sizeof(target);
}
