/*-------------------------------------------------------------------------
 *
 * history_codec_block.h
 *	  One column of many versions: what its bytes mean
 *
 * BLOCK
 *		byte	version of this layout: 1
 *		byte	what there is: BLOCK_...
 *		byte	what the values are: VALUES_...
 *		number	how many there are
 *		then, as far as they are there, each of what the ones before left over:
 *		bitmap	BLOCK_NULLS: these are null
 *		bitmap	BLOCK_PARTNER: these are what the partner is one version later
 *		bitmap	BLOCK_REPEATS: these are the same as the one before; or, with
 *				BLOCK_SAME, all are
 *		number	BLOCK_DICTIONARY: how many values there are for the others, and
 *				integers after the values, which one it is
 *		values	see the file of their kind
 *
 *		A block in which all are null, and one of no values, ends after its
 *		header.  history_codec_decode() has to read every layout that was
 *		ever written: history outlives upgrades.
 *
 *-------------------------------------------------------------------------
 */
#ifndef TEMPORAL_HISTORY_CODEC_BLOCK_H
#define TEMPORAL_HISTORY_CODEC_BLOCK_H

#include "history/history_codec.h"

#define BLOCK_LAYOUT		1

/* What there is in a block */
#define BLOCK_NULLS			0x01
#define BLOCK_ALL_NULL		0x02
#define BLOCK_PARTNER		0x04
#define BLOCK_REPEATS		0x08
#define BLOCK_SAME			0x10
#define BLOCK_DICTIONARY	0x20
#define BLOCK_ALL			0x3f

/* What the values are */
#define VALUES_INTEGERS		0
#define VALUES_FIXED		1
#define VALUES_VARLENA		2
#define VALUES_FLOATS		3
#define VALUES_NUMERICS		4
#define VALUES_PLACES		5

static inline int
codec_kind(const HistoryType *type)
{
	if (type->byval)
		return VALUES_INTEGERS;
	return type->length == -1 ? VALUES_VARLENA : VALUES_FIXED;
}

/*
 * What a datum stands for, and only that: what a tuple does not keep of it is
 * nobody's.
 */
static inline uint64
codec_integer(int length, Datum value)
{
	switch (length)
	{
		case 1:
			return (uint64) (int64) (int8) value;
		case 2:
			return (uint64) (int64) (int16) value;
		case 4:
			return (uint64) (int64) (int32) value;
		default:
			return (uint64) value;
	}
}

#endif							/* TEMPORAL_HISTORY_CODEC_BLOCK_H */
