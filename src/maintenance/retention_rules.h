/*-------------------------------------------------------------------------
 *
 * retention_rules.h
 *	  Which versions a retention policy lets go
 *
 *-------------------------------------------------------------------------
 */
#ifndef TEMPORAL_RETENTION_RULES_H
#define TEMPORAL_RETENTION_RULES_H

#include "catalog/retention_policy.h"
#include "catalog/versioned_table.h"
#include "history/history_prune.h"

/* The newest versions of each key: retention_keys.c */
typedef struct RetentionKeys RetentionKeys;

/*
 * What a policy means at a moment.
 */
typedef struct RetentionLimits
{
	RetentionPolicy policy;
	TimestampTz horizon;		/* AS OF this and later is not touched */
	TimestampTz size_before;	/* versions up to here are too much; DT_NOBEGIN:
								 * none */
	RetentionKeys *keys;		/* NULL: nothing that goes depends on them */
	PruneRule	rule;			/* without chooses() */
} RetentionLimits;

/*
 * The time up to which versions may go, DT_NOBEGIN if none: a period decides,
 * because what is younger must stay and what is older must go; else what is too
 * much or too many, whichever is later.
 */
extern TimestampTz retention_reach(const Interval *period, TimestampTz now,
								   TimestampTz size_before,
								   TimestampTz keys_before);

/* The policy's meaning now, in the current context */
extern void retention_limits_find(const VersionedTable *table,
								  const RetentionPolicy *policy,
								  RetentionLimits *limits);

/*
 * Times of snapshots there are now, as far as it matters to them what goes; in
 * the current context.  Until the horizon is known, there may come others.
 */
extern void retention_limits_pin(RetentionLimits *limits);

/* Would the two let the same versions go, at the same moment? */
extern bool retention_policy_same(const RetentionPolicy *a,
								  const RetentionPolicy *b);

/*
 * A rule to prune by, in the current context, which is good for as long as
 * the history is open and the limits are there.
 */
extern PruneRule *retention_rule_create(const RetentionLimits *limits,
										Relation history);

/* Words for the audit log */
extern char *retention_reason(const RetentionLimits *limits);

/* retention_keys.c */
extern RetentionKeys *retention_keys_find(const VersionedTable *table,
										  int versions, TimestampTz *latest);
extern Bitmapset *retention_keys_columns(const RetentionKeys *keys);

/* Is it beyond the newest of its key? */
extern bool retention_keys_exceed(RetentionKeys *keys,
								  TupleTableSlot *version, TimestampTz end);

/* retention_size.c */
extern TimestampTz retention_size_find(const VersionedTable *table,
									   int64 size);

#endif							/* TEMPORAL_RETENTION_RULES_H */
