/*-------------------------------------------------------------------------
 *
 * retention_rules.c
 *	  Which versions a retention policy lets go
 *
 * THE PERIOD
 *		is a promise in both directions: a version that ended longer ago goes,
 *		one that did not stays, whatever else the policy says.  So with a
 *		period, limits of size and number have nothing left to say.
 *
 * SIZE AND NUMBER
 *		without a period: the oldest go, by their end, until the rest is not
 *		larger than the size; and of each key, what is beyond the newest so many.
 *		A version goes if either says so.
 *
 * THE CONDITION
 *		keeps versions for which it is not true, and so do snapshots those that
 *		can be read AS OF them.
 *
 * THE HORIZON
 *		is the moment from which on AS OF answers as before: when the last
 *		transaction had committed that ended a version which goes.  Of what
 *		ended earlier, that by transactions still in flight at the horizon
 *		could be read then, and stays.  It is never so late that a transaction
 *		in flight now could still end a version before it.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/sysattr.h"
#include "executor/executor.h"
#include "optimizer/optimizer.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/rel.h"
#include "utils/timestamp.h"

#include "catalog/retention_condition.h"
#include "catalog/snapshot_table.h"
#include "maintenance/retention_rules.h"
#include "time/tick_clock.h"
#include "time/transaction_flight.h"
#include "time/transaction_instant.h"
#include "time/transaction_prepared.h"

/* A rule with a condition or numbers of versions */
typedef struct RetentionChoice
{
	const RetentionLimits *limits;
	ExprState  *condition;		/* NULL: none */
	ExprContext *econtext;
} RetentionChoice;

TimestampTz
retention_reach(const Interval *period, TimestampTz now,
				TimestampTz size_before, TimestampTz keys_before)
{
	if (period == NULL)
		return Max(size_before, keys_before);
	return DatumGetTimestampTz(DirectFunctionCall2(timestamptz_mi_interval,
												   TimestampTzGetDatum(now),
												   IntervalPGetDatum(period)));
}

static bool
retention_same_text(const char *a, const char *b)
{
	return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

bool
retention_policy_same(const RetentionPolicy *a, const RetentionPolicy *b)
{
	return a->relation == b->relation &&
		(a->period == NULL) == (b->period == NULL) &&
		(a->period == NULL ||
		 memcmp(a->period, b->period, sizeof(Interval)) == 0) &&
		a->max_size == b->max_size && a->max_versions == b->max_versions &&
		retention_same_text(a->condition, b->condition) &&
		a->archive == b->archive &&
		retention_same_text(a->archive_location, b->archive_location);
}

static void
retention_copy_policy(const RetentionPolicy *policy, RetentionPolicy *copy)
{
	*copy = *policy;
	if (policy->period != NULL)
	{
		copy->period = palloc(sizeof(Interval));
		*copy->period = *policy->period;
	}
	if (policy->condition != NULL)
		copy->condition = pstrdup(policy->condition);
	if (policy->archive_location != NULL)
		copy->archive_location = pstrdup(policy->archive_location);
}

/*
 * The time up to which no transaction can end a version any more
 */
static TimestampTz
retention_settled(void)
{
	TimestampTz settled = transaction_flight_settled(tick_clock_pass());

	return transaction_prepared_settled(settled);
}

void
retention_limits_pin(RetentionLimits *limits)
{
	PruneRule  *rule = &limits->rule;
	List	   *times = snapshot_table_times(limits->policy.relation);
	PrunePin   *pins = palloc((list_length(times) + 1) * sizeof(PrunePin));
	ListCell   *lc;

	rule->pins = pins;
	rule->npins = 0;
	foreach(lc, times)
	{
		const TransactionInstant *instant =
			transaction_instant(*(TimestampTz *) lfirst(lc));

		pins[rule->npins].time = instant->upper;
		pins[rule->npins].lower = instant->lower;
		if (instant->lower < rule->before)
			rule->npins++;
	}
}

void
retention_limits_find(const VersionedTable *table,
					  const RetentionPolicy *policy, RetentionLimits *limits)
{
	TimestampTz keys_before = DT_NOBEGIN;
	TimestampTz reach;
	const TransactionInstant *instant;

	memset(limits, 0, sizeof(*limits));
	retention_copy_policy(policy, &limits->policy);
	limits->size_before = DT_NOBEGIN;
	limits->horizon = limits->rule.before = DT_NOBEGIN;
	if (policy->period == NULL && policy->max_size > 0)
		limits->size_before = retention_size_find(table, policy->max_size);
	if (policy->period == NULL && policy->max_versions > 0)
		limits->keys = retention_keys_find(table, policy->max_versions,
										   &keys_before);
	reach = retention_reach(policy->period, GetCurrentTimestamp(),
							limits->size_before, keys_before);
	if (TIMESTAMP_IS_NOBEGIN(reach))
		return;
	instant = transaction_instant(Min(reach, retention_settled()));
	limits->horizon = instant->upper;
	limits->rule.before = instant->lower;
	retention_limits_pin(limits);
}

/*
 * PruneRule.chooses() of a condition, numbers of versions, or both
 */
static bool
retention_chooses(void *arg, TupleTableSlot *version, TimestampTz end)
{
	RetentionChoice *choice = arg;
	const RetentionLimits *limits = choice->limits;
	bool		goes;

	if (limits->keys != NULL && end > limits->size_before &&
		!retention_keys_exceed(limits->keys, version, end))
		return false;
	if (choice->condition == NULL)
		return true;
	choice->econtext->ecxt_scantuple = version;
	goes = ExecQual(choice->condition, choice->econtext);
	ResetExprContext(choice->econtext);
	return goes;
}

/*
 * Prepares the condition; returns the columns it looks at.
 */
static Bitmapset *
retention_prepare_condition(RetentionChoice *choice, Relation history)
{
	Expr	   *condition =
		retention_condition_parse(history, choice->limits->policy.condition);
	Bitmapset  *offset = NULL;
	Bitmapset  *columns = NULL;
	int			member = -1;

	condition = expression_planner(condition);
	pull_varattnos((Node *) condition, 1, &offset);
	while ((member = bms_next_member(offset, member)) >= 0)
		columns = bms_add_member(columns, member +
								 FirstLowInvalidHeapAttributeNumber);
	choice->condition = ExecInitQual(list_make1(condition), NULL);
	choice->econtext = CreateStandaloneExprContext();
	return columns;
}

PruneRule *
retention_rule_create(const RetentionLimits *limits, Relation history)
{
	PruneRule  *rule = palloc(sizeof(PruneRule));
	RetentionChoice *choice;

	*rule = limits->rule;
	if (limits->keys == NULL && limits->policy.condition == NULL)
		return rule;
	choice = palloc0(sizeof(RetentionChoice));
	choice->limits = limits;
	rule->chooses = retention_chooses;
	rule->arg = choice;
	if (limits->policy.condition != NULL)
		rule->columns = retention_prepare_condition(choice, history);
	if (limits->keys != NULL)
		rule->columns = bms_union(rule->columns,
								  retention_keys_columns(limits->keys));
	return rule;
}

char *
retention_reason(const RetentionLimits *limits)
{
	const RetentionPolicy *policy = &limits->policy;
	StringInfoData text;

	initStringInfo(&text);
	if (policy->period != NULL)
		appendStringInfo(&text, "retention_period %s",
						 DatumGetCString(DirectFunctionCall1(interval_out,
															 IntervalPGetDatum(policy->period))));
	else
	{
		if (policy->max_size > 0)
			appendStringInfo(&text, "max_history_size " INT64_FORMAT,
							 policy->max_size);
		if (policy->max_versions > 0)
			appendStringInfo(&text, "%smax_history_versions %d",
							 text.len > 0 ? ", " : "", policy->max_versions);
	}
	if (policy->condition != NULL)
		appendStringInfo(&text, ", retention_condition %s", policy->condition);
	return text.data;
}
