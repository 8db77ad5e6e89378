/*-------------------------------------------------------------------------
 *
 * retention_policy.h
 *	  Rows of temporal.retention_policy: which old versions may go
 *
 *-------------------------------------------------------------------------
 */
#ifndef TEMPORAL_RETENTION_POLICY_H
#define TEMPORAL_RETENTION_POLICY_H

#include "datatype/timestamp.h"
#include "storage/lockdefs.h"

typedef struct RetentionPolicy
{
	Oid			relation;
	Interval   *period;			/* NULL: none */
	int64		max_size;		/* bytes; 0: none */
	int32		max_versions;	/* of each key; 0: none */
	char	   *condition;		/* of versions that may go; NULL: all */
	bool		archive;		/* before they go */
	char	   *archive_location;	/* directory; NULL: none */
	Interval	schedule;		/* how often this is looked at */
} RetentionPolicy;

/* A policy by which everything stays */
extern void retention_policy_init(RetentionPolicy *policy, Oid relation);

/* Is there any version that may go? */
extern bool retention_policy_limits(const RetentionPolicy *policy);

/*
 * Reads the policy of a table; false, and retention_policy_init()'s, if it has
 * none.
 */
extern bool retention_policy_find(Oid relation, RetentionPolicy *policy);

/*
 * Locks the idea of the table's retention, which is no relation: who removes
 * versions has it EXCLUSIVE, who needs them to stay SHARE.
 */
extern void retention_policy_lock(Oid relation, LOCKMODE mode);

/*
 * The operator that tells keys of the type apart; 0A000 if versions cannot be
 * counted by them.
 */
extern Oid	retention_key_operator(Oid type);

/* These check no privileges. */
extern void retention_policy_store(const RetentionPolicy *policy);
extern void retention_policy_forget(Oid relation);

#endif							/* TEMPORAL_RETENTION_POLICY_H */
