/*-------------------------------------------------------------------------
 *
 * ddl_retention.c
 *	  Retention policies: their options, and what is checked of them
 *
 * A policy is checked when it is given, so that the worker, at night, finds
 * none that cannot be carried out.  What can become wrong later is checked
 * again: columns of the condition when the table changes (here), directories
 * when they are used (archive_directory.c).
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/sysattr.h"
#include "access/table.h"
#include "commands/defrem.h"
#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/timestamp.h"

#include "base/archive_directory.h"
#include "base/compat.h"
#include "catalog/audit_table.h"
#include "catalog/retention_condition.h"
#include "ddl/ddl.h"
#include "temporal.h"

static int32
retention_count(ParseState *pstate, DefElem *def)
{
	char	   *value = defGetString(def);
	char	   *end;
	long		count;

	errno = 0;
	count = strtol(value, &end, 10);
	if (errno != 0 || end == value || *end != '\0' || count < 1 ||
		count > PG_INT32_MAX)
		ddl_option_refuse(pstate, def, value,
						 "The number of versions must be a positive integer.");
	return (int32) count;
}

static Interval *
retention_schedule(ParseState *pstate, DefElem *def)
{
	Interval   *schedule = ddl_option_interval(pstate, def);

	if (schedule->time == 0 && schedule->day == 0 && schedule->month == 0)
		ddl_option_refuse(pstate, def, defGetString(def),
						 "The interval must be positive.");
	return schedule;
}

/*
 * An option of retention, or its end: RESET, and the one named retention, which
 * is off for all of them.
 */
void
ddl_option_retention(ParseState *pstate, DefElem *def, bool reset,
					 VersioningRequest *request)
{
	RetentionPolicy *policy = &request->retention.policy;
	const char *name = def->defname;

	request->retention.location = def->location;
	if (strcmp(name, "retention") == 0)
	{
		if (!reset && defGetBoolean(def))
			ddl_option_refuse(pstate, def, defGetString(def),
							 "The option can only be off, which resets the whole policy.");
		request->retention.reset = true;
	}
	else if (strcmp(name, "retention_period") == 0)
	{
		request->retention.given |= RETENTION_PERIOD;
		if (!reset)
			policy->period = ddl_option_interval(pstate, def);
	}
	else if (strcmp(name, "max_history_size") == 0)
	{
		request->retention.given |= RETENTION_MAX_SIZE;
		if (!reset)
			policy->max_size = ddl_option_size(pstate, def);
	}
	else if (strcmp(name, "max_history_versions") == 0)
	{
		request->retention.given |= RETENTION_MAX_VERSIONS;
		if (!reset)
			policy->max_versions = retention_count(pstate, def);
	}
	else if (strcmp(name, "retention_condition") == 0)
	{
		request->retention.given |= RETENTION_CONDITION;
		if (!reset)
			policy->condition = defGetString(def);
	}
	else if (strcmp(name, "archive_before_delete") == 0)
	{
		request->retention.given |= RETENTION_ARCHIVE;
		policy->archive = !reset && defGetBoolean(def);
	}
	else if (strcmp(name, "archive_location") == 0)
	{
		request->retention.given |= RETENTION_ARCHIVE_LOCATION;
		if (!reset)
			policy->archive_location = defGetString(def);
	}
	else if (strcmp(name, "retention_schedule") == 0)
	{
		request->retention.given |= RETENTION_SCHEDULE;
		if (!reset)
			policy->schedule = *retention_schedule(pstate, def);
	}
	else
		elog(ERROR, "option \"%s\" is not about retention", name);
}

/*
 * What the request changes of a policy
 */
static void
retention_merge(RetentionPolicy *policy, const VersioningRequest *request)
{
	const RetentionPolicy *given = &request->retention.policy;

	if (request->retention.reset)
		retention_policy_init(policy, policy->relation);
	if (request->retention.given & RETENTION_PERIOD)
		policy->period = given->period;
	if (request->retention.given & RETENTION_MAX_SIZE)
		policy->max_size = given->max_size;
	if (request->retention.given & RETENTION_MAX_VERSIONS)
		policy->max_versions = given->max_versions;
	if (request->retention.given & RETENTION_CONDITION)
		policy->condition = given->condition;
	if (request->retention.given & RETENTION_ARCHIVE)
		policy->archive = given->archive;
	if (request->retention.given & RETENTION_ARCHIVE_LOCATION)
		policy->archive_location = given->archive_location;
	if (request->retention.given & RETENTION_SCHEDULE)
		policy->schedule = given->schedule;
}

/*
 * Has the table a primary key, and of types by which versions can be counted?
 */
static bool
retention_has_key(Oid relid)
{
	Relation	rel = table_open(relid, NoLock /* already held */ );
	bool		found = false;
	Bitmapset  *key = RelationGetIndexAttrBitmap(rel,
												 INDEX_ATTR_BITMAP_PRIMARY_KEY);
	int			member = -1;

	while ((member = bms_next_member(key, member)) >= 0)
	{
		AttrNumber	attno = member + FirstLowInvalidHeapAttributeNumber;

		(void) retention_key_operator(TupleDescAttr(RelationGetDescr(rel),
													attno - 1)->atttypid);
		found = true;
	}
	table_close(rel, NoLock);
	return found;
}

static void
retention_check_condition(Oid relid, const char *condition)
{
	Relation	rel = table_open(relid, NoLock /* already held */ );

	(void) retention_condition_parse(rel, condition);
	table_close(rel, NoLock);
}

/*
 * The policy, for the audit log
 */
static char *
retention_words(const RetentionPolicy *policy)
{
	StringInfoData text;

	initStringInfo(&text);
	if (policy->period != NULL)
		appendStringInfo(&text, "retention_period %s, ",
						 DatumGetCString(DirectFunctionCall1(interval_out,
															 IntervalPGetDatum(policy->period))));
	if (policy->max_size > 0)
		appendStringInfo(&text, "max_history_size " INT64_FORMAT ", ",
						 policy->max_size);
	if (policy->max_versions > 0)
		appendStringInfo(&text, "max_history_versions %d, ",
						 policy->max_versions);
	if (policy->condition != NULL)
		appendStringInfo(&text, "retention_condition %s, ",
						 policy->condition);
	if (policy->archive)
		appendStringInfo(&text, "archive_before_delete to %s, ",
						 policy->archive_location);
	appendStringInfo(&text, "retention_schedule %s",
					 DatumGetCString(DirectFunctionCall1(interval_out,
														 IntervalPGetDatum(&policy->schedule))));
	return text.data;
}

static void
retention_audit(const RetentionPolicy *policy, const char *words)
{
	AuditEntry	entry = {
		.action = "policy",
		.relation = policy->relation,
		.versions = -1,
		.first = DT_NOEND,
		.last = DT_NOBEGIN,
		.reason = words,
	};

	audit_append(&entry);
}

/*
 * A period leaves nothing to say to limits that somebody may rely on.
 */
static void
retention_note_idle_limits(const RetentionPolicy *policy, int given)
{
	if (policy->period == NULL ||
		(policy->max_size == 0 && policy->max_versions == 0) ||
		(given & (RETENTION_PERIOD | RETENTION_MAX_SIZE |
				  RETENTION_MAX_VERSIONS)) == 0)
		return;
	ereport(NOTICE,
			(errmsg("the history of table \"%s\" is limited by its retention period alone",
					get_rel_name(policy->relation)),
			 errdetail("No version is removed before the period allows it, and every one is then: limits of size and number apply to tables without a period."),
			 errhint("ALTER TABLE ... RESET (temporal.retention_period) lets them apply.")));
}

/*
 * Changes the policy of a table that the caller has locked and may change.
 */
void
ddl_set_retention(ParseState *pstate, Oid relid,
				  const VersioningRequest *request,
				  const VersionedTable *table)
{
	RetentionPolicy policy;
	bool		exists = retention_policy_find(relid, &policy);

	if (!OidIsValid(table->history))
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("table \"%s\" has no history to retain",
						get_rel_name(relid)),
				 errhint("ALTER TABLE ... ADD SYSTEM VERSIONING starts it."),
				 parser_errposition(pstate, request->retention.location)));
	retention_merge(&policy, request);
	if (request->retention.reset && request->retention.given == 0)
	{
		if (exists)
		{
			retention_policy_forget(relid);
			retention_audit(&policy, "reset");
		}
		return;
	}

	if (policy.condition != NULL &&
		(request->retention.given & RETENTION_CONDITION))
		retention_check_condition(relid, policy.condition);
	if (policy.max_versions > 0 && !retention_has_key(relid))
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("table \"%s\" has no primary key",
						get_rel_name(relid)),
				 errdetail("Versions are counted for each key."),
				 parser_errposition(pstate, request->retention.location)));
	if (policy.archive_location != NULL)
		(void) archive_directory_check(policy.archive_location);
	if (policy.archive && policy.archive_location == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the archive of table \"%s\" has no location",
						get_rel_name(relid)),
				 errhint("Set temporal.archive_location, too."),
				 parser_errposition(pstate, request->retention.location)));
	retention_note_idle_limits(&policy, request->retention.given);
	retention_policy_store(&policy);
	retention_audit(&policy, retention_words(&policy));
}

/*
 * The condition is text, which does not follow its columns.
 */
void
ddl_check_retention(Oid relid)
{
	MemoryContext context = CurrentMemoryContext;
	RetentionPolicy policy;

	if (!OidIsValid(relid) || !retention_policy_find(relid, &policy) ||
		policy.condition == NULL)
		return;
	PG_TRY();
	{
		retention_check_condition(relid, policy.condition);
	}
	PG_CATCH();
	{
		ErrorData  *error;

		MemoryContextSwitchTo(context);
		error = CopyErrorData();
		if (ERRCODE_TO_CATEGORY(error->sqlerrcode) !=
			ERRCODE_SYNTAX_ERROR_OR_ACCESS_RULE_VIOLATION)
			PG_RE_THROW();
		FlushErrorState();
		ereport(ERROR,
				(errcode(ERRCODE_DEPENDENT_OBJECTS_STILL_EXIST),
				 errmsg("cannot change table \"%s\" because its retention condition would not fit any more",
						get_rel_name(relid)),
				 errdetail("The condition is \"%s\": %s.", policy.condition,
						   error->message),
				 errhint("ALTER TABLE ... RESET (temporal.retention_condition) first.")));
	}
	PG_END_TRY();
}
