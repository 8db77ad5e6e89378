/*-------------------------------------------------------------------------
 *
 * history_zstd.c
 *	  Bytes, smaller
 *
 * The only file that knows zstd (test/lint checks it).
 *
 * MEMORY
 *		zstd's contexts come from malloc(), and a new one for each call would
 *		cost more than the few kilobytes that are compressed in it.  So there
 *		is one of each kind, made when it is first needed, which is the
 *		backend's until it ends; no error is thrown inside zstd, and no call
 *		leaves a state behind that the next would see.  What a high level or a
 *		large value made of the compressing one (it can be a hundred megabytes)
 *		is given back at once.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <zstd.h>
#include <zstd_errors.h>

#include "miscadmin.h"

#include "base/compat.h"
#include "history/history_zstd.h"

/*
 * Bytes that a repetition has to have.  zstd would go down to four, at some
 * levels; in values that are short, so short ones are chance, and to copy them
 * takes longer than to decode the bytes.  Measured with blocks of a thousand
 * texts at levels 1 to 19: 6 is never larger by more than a hundredth, up to a
 * tenth smaller, and read up to a third faster.
 */
#define HISTORY_ZSTD_MATCH	6

/* More is compressed in pieces of this size */
#define HISTORY_ZSTD_PIECE	((Size) 1024 * 1024)

/* A context for compressing that is larger is not kept */
#define HISTORY_ZSTD_KEEP	((size_t) 8 * 1024 * 1024)

static ZSTD_CCtx *compressor = NULL;
static ZSTD_DCtx *decompressor = NULL;

pg_noreturn static void
history_zstd_no_memory(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_OUT_OF_MEMORY),
			 errmsg("out of memory"),
			 errdetail("zstd could not allocate its working memory.")));
}

/*
 * Compresses so much that somebody may want to cancel it in the middle.
 */
static size_t
history_zstd_compress_large(char *dst, Size capacity, const char *src,
							Size size)
{
	ZSTD_inBuffer in = {src, 0, 0};
	ZSTD_outBuffer out = {dst, capacity, 0};
	size_t		result;

	ZSTD_CCtx_setPledgedSrcSize(compressor, size);
	do
	{
		/* leaves work half done in the context; the next call resets it */
		CHECK_FOR_INTERRUPTS();
		in.size = Min(in.pos + HISTORY_ZSTD_PIECE, size);
		result = ZSTD_compressStream2(compressor, &out, &in,
									  in.size == size ? ZSTD_e_end :
									  ZSTD_e_continue);
		if (ZSTD_isError(result))
			return result;
		if (result > 0 && out.pos == out.size)
			return 0;
	} while (in.pos < size || result > 0);
	return out.pos;
}

Size
history_zstd_compress(char *dst, Size capacity, const char *src, Size size,
					  int level)
{
	size_t		result;

	if (compressor == NULL && (compressor = ZSTD_createCCtx()) == NULL)
		history_zstd_no_memory();
	ZSTD_CCtx_reset(compressor, ZSTD_reset_session_and_parameters);
	ZSTD_CCtx_setParameter(compressor, ZSTD_c_compressionLevel, level);
	ZSTD_CCtx_setParameter(compressor, ZSTD_c_minMatch, HISTORY_ZSTD_MATCH);
	if (size <= HISTORY_ZSTD_PIECE)
		result = ZSTD_compress2(compressor, dst, capacity, src, size);
	else
		result = history_zstd_compress_large(dst, capacity, src, size);
	if (ZSTD_sizeof_CCtx(compressor) > HISTORY_ZSTD_KEEP)
	{
		ZSTD_freeCCtx(compressor);
		compressor = NULL;
	}
	if (!ZSTD_isError(result))
		return result;
	if (ZSTD_getErrorCode(result) == ZSTD_error_memory_allocation)
		history_zstd_no_memory();
	if (ZSTD_getErrorCode(result) != ZSTD_error_dstSize_tooSmall)
		elog(ERROR, "zstd could not compress %zu bytes at level %d: %s",
			 size, level, ZSTD_getErrorName(result));
	return 0;
}

bool
history_zstd_decompress(char *dst, Size dst_size, const char *src, Size size)
{
	if (decompressor == NULL && (decompressor = ZSTD_createDCtx()) == NULL)
		history_zstd_no_memory();
	return ZSTD_decompressDCtx(decompressor, dst, dst_size,
							   src, size) == dst_size;
}
