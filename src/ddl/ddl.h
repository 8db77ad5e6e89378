/*-------------------------------------------------------------------------
 *
 * ddl.h
 *	  Versioning switched on and off, and what may change meanwhile
 *
 *-------------------------------------------------------------------------
 */
#ifndef TEMPORAL_DDL_H
#define TEMPORAL_DDL_H

#include "catalog/versioned_table.h"
#include "ddl/ddl_retention.h"
#include "nodes/parsenodes.h"
#include "parser/parse_node.h"
#include "utils/relcache.h"

/* Names of our triggers all begin with this, the guard's aside */
#define DDL_TRIGGER_PREFIX	"temporal_"
/* Triggers fire in the order of their names; this one must be the last */
#define DDL_GUARD_TRIGGER	"zzz_temporal_guard"

/* A yes or no that a statement may leave out */
typedef enum OptionSwitch
{
	OPTION_UNSET,
	OPTION_OFF,
	OPTION_ON
} OptionSwitch;

/*
 * What the options "temporal.*" of one statement ask for.  Locations are
 * those of the words that asked, -1 if unknown.
 */
typedef struct VersioningRequest
{
	bool		any;			/* is there such an option at all? */

	/* Versioning */
	OptionSwitch versioning;
	int			versioning_location;
	char	   *history_table;	/* NULL: not given */
	bool		drop_history;

	/* Period */
	char	   *period_start;	/* PERIOD FOR SYSTEM_TIME (start, end) */
	char	   *period_end;
	int			period_location;
	char	   *generated_start;	/* GENERATED ALWAYS AS ROW START */
	char	   *generated_end;
	int			generated_location;
	bool		drop_period;

	/* Options of a versioned table */
	bool		set_history_index;
	HistoryIndex history_index;
	OptionSwitch skip_unchanged;
	bool		set_exclude_columns;
	List	   *exclude_columns;	/* of char * */
	bool		set_compression;
	bool		compress;
	int			compression_level;	/* 0: not given */
	Interval   *compress_after; /* NULL: not given */

	RetentionRequest retention;
} VersioningRequest;

/* ddl_dispatch.c */
extern void ddl_init(void);

/* True while a statement of our own runs: what users may not, it may. */
extern bool ddl_is_internal(void);
/* Runs ALTER TABLE sub-commands on a table we have locked. */
extern void ddl_alter_table(Oid relid, List *cmds);

/* ddl_options.c */
extern void ddl_request_init(VersioningRequest *request);
/*
 * Moves the options of our namespace from *options to the request.  reset
 * says that they stood in RESET (...).
 */
extern void ddl_options_extract(ParseState *pstate, List **options,
								bool reset, VersioningRequest *request);

/* ddl_retention.c */
/* Reads an option of retention. */
extern void ddl_option_retention(ParseState *pstate, DefElem *def, bool reset,
								 VersioningRequest *request);
extern void ddl_set_retention(ParseState *pstate, Oid relid,
							  const VersioningRequest *request,
							  const VersionedTable *table);
/* 2BP01 if the table's condition does not fit its columns any more. */
extern void ddl_check_retention(Oid relid);

/* ddl_versioning.c */
extern void ddl_prepare_create(ParseState *pstate, CreateStmt *stmt,
							   const VersioningRequest *request);
extern void ddl_apply_request(ParseState *pstate, Oid relid,
							  const VersioningRequest *request, bool created);
extern void ddl_period_defaults(Oid relid, const VersionedTable *table,
								bool set);
extern AlterTableCmd *ddl_command(AlterTableType type, const char *column,
								  Node *def);

/* ddl_history.c */
extern Oid	ddl_history_create(Relation rel, const char *name,
							   const VersionedTable *table);
extern void ddl_history_tie(Oid relid, Oid history);
extern void ddl_history_release(Oid relid, Oid history, bool drop);
extern void ddl_history_index(Relation rel, Oid history,
							  const VersionedTable *table);
extern void ddl_history_follow(Relation rel, const VersionedTable *table,
							   List *cmds);
extern void ddl_history_drop_indexes(Oid history);

/* ddl_triggers.c */
extern void ddl_triggers_sync(Oid relid, const VersionedTable *table);
extern void ddl_triggers_drop(Oid relid);
extern void ddl_triggers_protect(Oid history);
extern void ddl_triggers_unprotect(Oid history);
extern void ddl_triggers_reset_firing(Oid relid);
extern bool ddl_trigger_is_ours(Oid relid, const char *name);
extern bool ddl_trigger_may_become(const AlterTableCmd *cmd);
extern bool ddl_trigger_function_is_ours(List *funcname);
extern void ddl_trigger_check_name(const char *name);

/* ddl_partition.c */
extern bool ddl_find_root(Oid relid, VersionedTable *table);
extern void ddl_adopt_partition(Oid relid);
extern List *ddl_named_partitions(List *cmds);
extern void ddl_after_partition(Oid relid);
extern bool ddl_table_is_empty(Oid relid);
extern void ddl_guard_partition(Oid relid, RangeVar *partition, bool attach);

/* ddl_drop.c */
extern void ddl_drop_init(void);
/* 2BP01 if a history was dropped whose table is still versioned. */
extern void ddl_drop_check(void);
extern void ddl_drop_forget(void);

/* ddl_guard.c */
extern void ddl_guard_alter(ParseState *pstate, Oid relid,
							AlterTableStmt *stmt);
extern void ddl_guard_statement(ParseState *pstate, Node *stmt);
/* 55000 if the relation is a history. */
extern void ddl_guard_history(Oid relid);
/* 0A000 for a foreign table that would be a partition of a versioned table. */
extern void ddl_guard_foreign(Oid parent, const char *name);

#endif							/* TEMPORAL_DDL_H */
