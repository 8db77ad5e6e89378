/*-------------------------------------------------------------------------
 *
 * ddl_retention.h
 *	  What a statement asks for of a retention policy
 *
 *-------------------------------------------------------------------------
 */
#ifndef TEMPORAL_DDL_RETENTION_H
#define TEMPORAL_DDL_RETENTION_H

#include "parser/parse_node.h"

#include "base/compat.h"
#include "catalog/retention_policy.h"

/* Parts of a retention policy */
typedef enum RetentionOption
{
	RETENTION_PERIOD = 1 << 0,
	RETENTION_MAX_SIZE = 1 << 1,
	RETENTION_MAX_VERSIONS = 1 << 2,
	RETENTION_CONDITION = 1 << 3,
	RETENTION_ARCHIVE = 1 << 4,
	RETENTION_ARCHIVE_LOCATION = 1 << 5,
	RETENTION_SCHEDULE = 1 << 6
} RetentionOption;

typedef struct RetentionRequest
{
	bool		reset;			/* all of it, first */
	uint32		given;			/* of RetentionOption: what policy has */
	RetentionPolicy policy;
	int			location;		/* -1: unknown */
} RetentionRequest;

/*
 * ddl_options.c: an interval that lies in the past, or now; a size that is not
 * nothing
 */
extern Interval *ddl_option_interval(ParseState *pstate, DefElem *def);
extern int64 ddl_option_size(ParseState *pstate, DefElem *def);

/* 22023, at the option */
pg_noreturn extern void ddl_option_refuse(ParseState *pstate,
										  const DefElem *def,
										  const char *value,
										  const char *detail);

#endif							/* TEMPORAL_DDL_RETENTION_H */
