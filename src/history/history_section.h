/*-------------------------------------------------------------------------
 *
 * history_section.h
 *	  What the blocks of a column are made of: numbers and bytes
 *
 *-------------------------------------------------------------------------
 */
#ifndef TEMPORAL_HISTORY_SECTION_H
#define TEMPORAL_HISTORY_SECTION_H

#include "lib/stringinfo.h"

/*
 * Where a reader is.  What is wrong with the bytes stays with it: whoever
 * reads on gets nothing, and only the end needs to look.
 */
typedef struct HistoryReader
{
	const uint8 *at;
	const uint8 *end;
	const char *wrong;			/* NULL, or a word on it */

	/* Of the section that was read last, if it was compressed */
	uint8	   *scratch;
	Size		scratch_size;
	const uint8 *wanted;		/* values that will be looked at; NULL: all */
} HistoryReader;

/*
 * Says what is wrong, if it is the first thing that is; returns false, as
 * static analysis sees if it is here.
 */
static inline bool
history_section_wrong(HistoryReader *reader, const char *what)
{
	if (reader->wrong == NULL)
		reader->wrong = what;
	reader->at = reader->end;
	return false;
}

/* Unsigned numbers, small ones in few bytes */
extern void history_section_write_number(StringInfo buf, uint64 number);
extern uint64 history_section_read_number(HistoryReader *reader);

/* Signed numbers, small ones of either sign in few bytes */
extern void history_section_write_signed(StringInfo buf, uint64 number);
extern uint64 history_section_read_signed(HistoryReader *reader);

/*
 * A section: bytes whose number the reader knows.  The writer remembers what
 * history_section_begin() says, appends the bytes to buf, and closes.
 *
 * history_section_compress() tries to close the section with zstd's form of
 * the bytes.  plain is how many they could be without it.  Returns false, and
 * has changed nothing, if it is not worth the time that it takes to read.
 * history_section_close() closes in any case; level 0 is without zstd.
 */
extern int	history_section_begin(StringInfo buf);
extern bool history_section_compress(StringInfo buf, int start, Size plain,
									 int level);
extern void history_section_close(StringInfo buf, int start, int level);

/*
 * The bytes of a section, until the next is read; *available, which is not
 * less than size, may be read.  NULL if something is wrong.
 */
extern const uint8 *history_section_read(HistoryReader *reader, Size size,
										 Size *available);

/* The same, to where they are wanted. */
extern bool history_section_copy(HistoryReader *reader, Size size, void *dst);

/*
 * Can it be that a section of this size follows?  To be asked before memory is
 * taken for it.
 */
extern bool history_section_plausible(HistoryReader *reader, Size size);

#endif							/* TEMPORAL_HISTORY_SECTION_H */
