/*-------------------------------------------------------------------------
 *
 * server_stubs.c
 *	  What a file of the extension needs of the server, without a server
 *
 * Each piece of memory is one of malloc(), so that the address sanitizer sees
 * where it ends; a list of them stands in for the memory context.
 *
 *-------------------------------------------------------------------------
 */
#include "server_stubs.h"

#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "utils/memutils.h"

#if PG_VERSION_NUM >= 160000
#define STUB_BYTES	void
#else
#define STUB_BYTES	char
#endif

typedef struct StubPiece
{
	struct StubPiece *next;
	struct StubPiece *previous;
} StubPiece;

sigjmp_buf *stub_error = NULL;
int			stub_error_code;
char		stub_error_message[256];
Size		stub_largest = 0;
bool		stub_garbage = false;

volatile sig_atomic_t InterruptPending = false;

static StubPiece pieces = {&pieces, &pieces};

int
stub_reset_memory(void)
{
	int			count = 0;

	while (pieces.next != &pieces)
	{
		pfree(pieces.next + 1);
		count++;
	}
	return count;
}

/*
 * Memory
 */

void *
palloc(Size size)
{
	StubPiece  *piece = NULL;

	if (size <= MaxAllocSize)
		piece = malloc(sizeof(StubPiece) + size);
	if (piece == NULL)
	{
		fprintf(stderr, "palloc(%zu)\n", size);
		abort();
	}
	stub_largest = Max(stub_largest, size);
	piece->next = pieces.next;
	piece->previous = &pieces;
	pieces.next->previous = piece;
	pieces.next = piece;
	if (stub_garbage)
		memset(piece + 1, 0x7f, size);
	return piece + 1;
}

void *
palloc0(Size size)
{
	return memset(palloc(size), 0, size);
}

void
pfree(void *pointer)
{
	StubPiece  *piece = (StubPiece *) pointer - 1;

	piece->next->previous = piece->previous;
	piece->previous->next = piece->next;
	free(piece);
}

/*
 * String buffers
 */

void
initStringInfo(StringInfo str)
{
	str->maxlen = 1024;
	str->data = palloc(str->maxlen);
	str->len = 0;
	str->cursor = 0;
	str->data[0] = '\0';
}

void
enlargeStringInfo(StringInfo str, int needed)
{
	Size		size = str->maxlen;
	char	   *data;

	if (needed < 0 || (Size) needed >= MaxAllocSize - (Size) str->len)
		elog(ERROR, "string buffer is too large");
	while (size < (Size) str->len + needed + 1)
		size *= 2;
	if (size == (Size) str->maxlen)
		return;
	data = palloc(Min(size, MaxAllocSize));
	memcpy(data, str->data, str->len);
	pfree(str->data);
	str->data = data;
	str->maxlen = Min(size, MaxAllocSize);
}

void
appendBinaryStringInfo(StringInfo str, const STUB_BYTES *data, int datalen)
{
	enlargeStringInfo(str, datalen);
	memcpy(str->data + str->len, data, datalen);
	str->len += datalen;
	str->data[str->len] = '\0';
}

void
appendStringInfoChar(StringInfo str, char ch)
{
	appendBinaryStringInfo(str, &ch, 1);
}

/*
 * Errors
 */

bool
errstart(int elevel, const char *domain)
{
	stub_error_code = ERRCODE_INTERNAL_ERROR;
	return true;
}

bool
errstart_cold(int elevel, const char *domain)
{
	return errstart(elevel, domain);
}

void
errfinish(const char *filename, int lineno, const char *funcname)
{
	if (stub_error != NULL)
		siglongjmp(*stub_error, 1);
	fprintf(stderr, "%s:%d: %s\n", filename, lineno, stub_error_message);
	abort();
}

int
errcode(int sqlerrcode)
{
	stub_error_code = sqlerrcode;
	return 0;
}

static void
stub_message(const char *format, va_list args)
{
	vsnprintf(stub_error_message, sizeof(stub_error_message), format, args);
}

int
errmsg(const char *format,...)
{
	va_list		args;

	va_start(args, format);
	stub_message(format, args);
	va_end(args);
	return 0;
}

int
errmsg_internal(const char *format,...)
{
	va_list		args;

	va_start(args, format);
	stub_message(format, args);
	va_end(args);
	return 0;
}

int
errdetail(const char *format,...)
{
	return 0;
}

void
ProcessInterrupts(void)
{
	InterruptPending = false;
	ereport(ERROR,
			(errcode(ERRCODE_QUERY_CANCELED),
			 errmsg("canceling statement due to user request")));
}
