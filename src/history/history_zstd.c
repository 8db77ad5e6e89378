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
 *		backend's until it ends; nothing here can throw while zstd is at work,
 *		and no call leaves a state behind that the next would see.  What a high
 *		level or a large value made of the compressing one (it can be a hundred
 *		megabytes) is given back at once.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <zstd.h>
#include <zstd_errors.h>

#include "history/history_zstd.h"

/* A context for compressing that is larger is not kept */
#define HISTORY_ZSTD_KEEP	((size_t) 8 * 1024 * 1024)

static ZSTD_CCtx *compressor = NULL;
static ZSTD_DCtx *decompressor = NULL;

static void pg_attribute_noreturn()
history_zstd_no_memory(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_OUT_OF_MEMORY),
			 errmsg("out of memory"),
			 errdetail("zstd could not allocate its working memory.")));
}

Size
history_zstd_compress(char *dst, Size capacity, const char *src, Size size,
					  int level)
{
	size_t		result;

	if (compressor == NULL && (compressor = ZSTD_createCCtx()) == NULL)
		history_zstd_no_memory();
	result = ZSTD_compressCCtx(compressor, dst, capacity, src, size, level);
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
