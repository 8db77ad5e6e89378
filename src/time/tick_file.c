/*-------------------------------------------------------------------------
 *
 * tick_file.c
 *	  The reserve of the whole server, in a file of the data directory
 *
 * The reserve of a database (tick_reserve.c) says nothing about the ticks of
 * other databases.  This file holds the greatest of all reserves, so that a
 * server whose operating system's clock was set back while it was down does
 * not give a tick of one database again in another.
 *
 * FORMAT	20 digits, the time in microseconds since 2000-01-01 UTC; a blank;
 *			8 hexadecimal digits, CRC-32C of the digits; a newline.
 *
 * WHAT IT IS NOT
 *		It is not flushed and not replicated: a crash of the operating system,
 *		or a promotion, falls back on the reserves of the databases, which are
 *		WAL-logged and keep the order within each.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <fcntl.h>
#include <unistd.h>

#include "port/pg_crc32c.h"
#include "storage/fd.h"
#include "utils/timestamp.h"

#include "time/tick_file.h"

#define TICK_FILE_NAME		"temporal_clock"
#define TICK_FILE_DIGITS	20
#define TICK_FILE_SIZE		(TICK_FILE_DIGITS + 1 + 8 + 1)

static uint32
tick_file_checksum(const char *digits)
{
	pg_crc32c	crc;

	INIT_CRC32C(crc);
	COMP_CRC32C(crc, digits, TICK_FILE_DIGITS);
	FIN_CRC32C(crc);
	return (uint32) crc;
}

TimestampTz
tick_file_read(void)
{
	char		content[TICK_FILE_SIZE + 1];
	char	   *rest;
	int64		t;
	int			fd = OpenTransientFile(TICK_FILE_NAME, O_RDONLY | PG_BINARY);
	int			nread;

	if (fd < 0)
		return 0;
	nread = read(fd, content, TICK_FILE_SIZE);
	CloseTransientFile(fd);
	content[Max(nread, 0)] = '\0';

	if (nread == TICK_FILE_SIZE &&
		strspn(content, "0123456789") == TICK_FILE_DIGITS &&
		content[TICK_FILE_DIGITS] == ' ')
	{
		t = strtoll(content, &rest, 10);
		if (strtoul(rest + 1, NULL, 16) == tick_file_checksum(content) &&
			t > 0 && t < END_TIMESTAMP)
			return t;
	}
	ereport(LOG,
			(errcode(ERRCODE_DATA_CORRUPTED),
			 errmsg("file \"%s\" is damaged and is ignored", TICK_FILE_NAME),
			 errdetail("Ticks stay in order within each database.")));
	return 0;
}

void
tick_file_write(TimestampTz t)
{
	char		content[TICK_FILE_SIZE + 1];
	int			fd;
	bool		written = false;

	snprintf(content, sizeof(content), "%0*lld", TICK_FILE_DIGITS,
			 (long long) t);
	snprintf(content + TICK_FILE_DIGITS, sizeof(content) - TICK_FILE_DIGITS,
			 " %08X\n", tick_file_checksum(content));

	fd = OpenTransientFile(TICK_FILE_NAME, O_WRONLY | O_CREAT | PG_BINARY);
	if (fd >= 0)
	{
		written = write(fd, content, TICK_FILE_SIZE) == TICK_FILE_SIZE;
		CloseTransientFile(fd);
	}
	if (!written)
		ereport(LOG,
				(errcode_for_file_access(),
				 errmsg("could not write file \"%s\": %m", TICK_FILE_NAME)));
}
