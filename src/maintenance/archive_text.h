/*-------------------------------------------------------------------------
 *
 * archive_text.h
 *	  Values and types as texts that are the same everywhere
 *
 *-------------------------------------------------------------------------
 */
#ifndef TEMPORAL_ARCHIVE_TEXT_H
#define TEMPORAL_ARCHIVE_TEXT_H

#include "maintenance/archive_format.h"

/*
 * Sets what texts of values depend on, for the current (sub)transaction;
 * archive_text_leave() takes it back.
 */
extern int	archive_text_enter(void);
extern void archive_text_leave(int nestlevel);

/* Fills the type of a column, in the current context. */
extern void archive_text_type(Oid type, int32 typmod, ArchiveColumn *column);

/*
 * May the texts of a column be read as values of a type?  They may if it is the
 * same type, up to its modifier and to domains over it; if it is one for
 * strings; and if both are for numbers.
 */
extern bool archive_text_fits(const ArchiveColumn *column, Oid type);

#endif							/* TEMPORAL_ARCHIVE_TEXT_H */
