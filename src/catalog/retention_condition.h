/*-------------------------------------------------------------------------
 *
 * retention_condition.h
 *	  The condition of a retention policy: which versions may go
 *
 *-------------------------------------------------------------------------
 */
#ifndef TEMPORAL_RETENTION_CONDITION_H
#define TEMPORAL_RETENTION_CONDITION_H

#include "nodes/primnodes.h"
#include "utils/relcache.h"

/*
 * The condition as an expression on the columns of a relation, the table or
 * its history, as variables of number 1; 42601, 42703 and their like if it is
 * none, 22023 if its result could change by itself.  Names are those of
 * pg_catalog unless they say otherwise.
 */
extern Expr *retention_condition_parse(Relation rel, const char *condition);

#endif							/* TEMPORAL_RETENTION_CONDITION_H */
