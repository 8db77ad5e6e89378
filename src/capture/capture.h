/*-------------------------------------------------------------------------
 *
 * capture.h
 *	  Periods of rows being written, and the capture of what they replace
 *
 *-------------------------------------------------------------------------
 */
#ifndef TEMPORAL_CAPTURE_H
#define TEMPORAL_CAPTURE_H

#include "commands/trigger.h"
#include "executor/tuptable.h"
#include "nodes/plannodes.h"

#include "catalog/versioned_cache.h"
#include "history/history_reach.h"
#include "history/history_store.h"

/* Hooks of the files of these names */
extern void capture_append_init(void);
extern void capture_columns_init(void);
extern void capture_copy_init(void);
extern void capture_executor_init(void);

/*
 * capture_columns.c: the start of a row inserted into the table with the
 * history: later than any boundary noted for it.
 */
extern TimestampTz capture_insert_start(HistoryBoundary boundary);

/*
 * The start of a version that replaces one of the table with the history,
 * which is the end of that one.
 */
extern TimestampTz capture_replace_start(TimestampTz previous, Oid history);

/*
 * What temporal.row_start() without arguments, a column's DEFAULT, starts
 * after while it is set: COPY plans nothing that could say more.
 */
extern HistoryBoundary capture_default_boundary;

/*
 * capture_append.c: changes the plan of an INSERT of whole rows so that they
 * are copied and not formed anew.
 */
extern void capture_append_period(PlannedStmt *plan);

/* capture_statement.c */

/*
 * 25006 if the trigger's table is system-versioned: temporal.as_of is set.
 */
extern void capture_refuse_session_time(TriggerData *trigdata);

/* The command that fired the trigger. */
extern const char *capture_command(TriggerData *trigdata);

/* The start of a row of the versioned relation. */
extern TimestampTz capture_row_start(const VersionedRelation *versioned,
									 TupleTableSlot *row);

/* A writer for the history of the versioned relation. */
extern HistoryWriter *capture_begin(const VersionedRelation *versioned);

/*
 * Adds the version in a slot of the versioned relation, unless this
 * transaction wrote it itself.
 */
extern void capture_version(HistoryWriter *writer,
							const VersionedRelation *versioned,
							TupleTableSlot *old);

#endif							/* TEMPORAL_CAPTURE_H */
