/*-------------------------------------------------------------------------
 *
 * history_places.h
 *	  Texts of one form, of which each can be read alone
 *
 *-------------------------------------------------------------------------
 */
#ifndef TEMPORAL_HISTORY_PLACES_H
#define TEMPORAL_HISTORY_PLACES_H

#include "history/history_bytes.h"
#include "history/history_section.h"

/*
 * Appends the varlenas in no more bytes than limit; false if it would take
 * more, and nothing is appended.
 */
extern bool history_places_write(StringInfo buf, const HistoryBytes *items,
								 int n, int level, Size limit);

/*
 * Values from one, which counts from 0, to before another of the n, as
 * history_bytes_read() gives them.  False if something is wrong.
 */
extern bool history_places_read(HistoryReader *reader,
								const HistoryType *type, Datum *values,
								int n, int from, int to);

#endif							/* TEMPORAL_HISTORY_PLACES_H */
