/*-------------------------------------------------------------------------
 *
 * temporal.h
 *	  Names every layer agrees on: schema, objects, SQLSTATEs.  No behaviour.
 *
 *-------------------------------------------------------------------------
 */
#ifndef TEMPORAL_H
#define TEMPORAL_H

#define TEMPORAL_EXTENSION		"temporal"
#define TEMPORAL_SCHEMA			"temporal"

/* The namespace of our options in WITH (...) and SET (...), and of our GUCs */
#define TEMPORAL_OPTION_NAMESPACE	"temporal"

/* Period columns when the user names none */
#define TEMPORAL_DEFAULT_START_COLUMN	"sys_start"
#define TEMPORAL_DEFAULT_END_COLUMN		"sys_end"
#define TEMPORAL_HISTORY_SUFFIX			"history"

/*
 * TABLESAMPLE methods: the stock form of FOR SYSTEM_TIME.  The same names mark
 * a sub-select, where views are: see query_ambient.c.
 */
#define TEMPORAL_TSM_AS_OF				"as_of"
#define TEMPORAL_TSM_FROM_TO			"from_to"
#define TEMPORAL_TSM_BETWEEN			"between_and"
#define TEMPORAL_TSM_BETWEEN_SYMMETRIC	"between_symmetric"
#define TEMPORAL_TSM_CONTAINED_IN		"contained_in"
#define TEMPORAL_TSM_ALL				"all_versions"

/* Functions that the SQL:2011 forms call */
#define TEMPORAL_TIME_OF_SCN			"time_of_scn"
#define TEMPORAL_TIME_OF_TRANSACTION	"time_of_transaction"
#define TEMPORAL_TIME_OF_SNAPSHOT		"time_of_snapshot"
#define TEMPORAL_FLASHBACK_VERSIONS		"flashback_versions"
#define TEMPORAL_FLASHBACK_TABLE		"flashback_table"

/* SQLSTATE of a feature that needs shared_preload_libraries */
#define ERRCODE_TEMPORAL_NOT_PRELOADED	ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE

#endif							/* TEMPORAL_H */
