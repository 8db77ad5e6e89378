/*-------------------------------------------------------------------------
 *
 * audit_table.c
 *	  Rows of temporal.audit_entry: what was done to histories
 *
 * The only file that knows the columns of the table, and what writes it: a
 * trigger refuses everything else, as on histories.  A row is of the
 * transaction that does what it says, and commits with it or not at all.
 *
 * The one way in which rows go is temporal.trim_audit_log(), which is for
 * superusers and for whom they grant it to; it leaves a row of its own.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "access/xact.h"
#include "catalog/indexing.h"
#include "commands/trigger.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/fmgrprotos.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/timestamp.h"

#include "base/compat.h"
#include "base/settings.h"
#include "catalog/audit_table.h"
#include "catalog/extension_objects.h"

enum
{
	Anum_audit_logged_at = 1,
	Anum_audit_xid,
	Anum_audit_action,
	Anum_audit_relid,
	Anum_audit_relation,
	Anum_audit_versions,
	Anum_audit_first_end,
	Anum_audit_last_end,
	Anum_audit_reason,
	Anum_audit_session_user,
	Anum_audit_role,
	Anum_audit_application_name,
	Anum_audit_client_addr,
	Anum_audit_context,
	Natts_audit = Anum_audit_context
};

PG_FUNCTION_INFO_V1(temporal_protect_audit);
PG_FUNCTION_INFO_V1(temporal_trim_audit_log);

static void
audit_set_text(Datum *values, bool *nulls, AttrNumber attno, const char *text)
{
	nulls[attno - 1] = text == NULL || text[0] == '\0';
	if (!nulls[attno - 1])
		values[attno - 1] = CStringGetTextDatum(text);
}

void
audit_who(AuditWho *who)
{
	LOCAL_FCINFO(fcinfo, 0);
	Datum		addr;

	memset(who, 0, sizeof(*who));
	who->at = GetCurrentTimestamp();
	who->session_user = GetSessionUserId();
	who->role = GetUserId();
	if (application_name != NULL)
		strlcpy(who->application_name, application_name,
				sizeof(who->application_name));
	if (MyProcPort == NULL)
		return;
	InitFunctionCallInfoData(*fcinfo, NULL, 0, InvalidOid, NULL, NULL);
	addr = inet_client_addr(fcinfo);
	if (!fcinfo->isnull)
		strlcpy(who->client_addr,
				DatumGetCString(DirectFunctionCall1(inet_out, addr)),
				sizeof(who->client_addr));
}

static char *
audit_relation_name(Oid relid)
{
	char	   *name = OidIsValid(relid) ? get_rel_name(relid) : NULL;

	if (name == NULL)
		return NULL;
	return quote_qualified_identifier(get_namespace_name(get_rel_namespace(relid)),
									  name);
}

HeapTuple
audit_form(TupleDesc desc, const AuditEntry *entry, const AuditWho *who)
{
	Datum		values[Natts_audit] = {0};
	bool		nulls[Natts_audit] = {0};

	values[Anum_audit_logged_at - 1] = TimestampTzGetDatum(who->at);
	nulls[Anum_audit_xid - 1] = true;
	audit_set_text(values, nulls, Anum_audit_action, entry->action);
	values[Anum_audit_relid - 1] = ObjectIdGetDatum(entry->relation);
	nulls[Anum_audit_relid - 1] = !OidIsValid(entry->relation);
	audit_set_text(values, nulls, Anum_audit_relation,
				   audit_relation_name(entry->relation));
	values[Anum_audit_versions - 1] = Int64GetDatum(entry->versions);
	nulls[Anum_audit_versions - 1] = entry->versions < 0;
	values[Anum_audit_first_end - 1] = TimestampTzGetDatum(entry->first);
	values[Anum_audit_last_end - 1] = TimestampTzGetDatum(entry->last);
	nulls[Anum_audit_first_end - 1] = entry->first > entry->last;
	nulls[Anum_audit_last_end - 1] = entry->first > entry->last;
	audit_set_text(values, nulls, Anum_audit_reason, entry->reason);
	audit_set_text(values, nulls, Anum_audit_session_user,
				   GetUserNameFromId(who->session_user, true));
	audit_set_text(values, nulls, Anum_audit_role,
				   GetUserNameFromId(who->role, true));
	audit_set_text(values, nulls, Anum_audit_application_name,
				   who->application_name);
	nulls[Anum_audit_client_addr - 1] = who->client_addr[0] == '\0';
	if (who->client_addr[0] != '\0')
		values[Anum_audit_client_addr - 1] =
			DirectFunctionCall1(inet_in, CStringGetDatum(who->client_addr));
	nulls[Anum_audit_context - 1] = true;
	return heap_form_tuple(desc, values, nulls);
}

/*
 * Adds a row; one of this transaction has its number and its context.
 */
static void
audit_insert(const AuditEntry *entry, const AuditWho *who, bool own)
{
	Oid			schema = extension_is_created() ?
		get_rel_namespace(extension_catalog()) : InvalidOid;
	Oid			relid = get_relname_relid("audit_entry", schema);
	Relation	rel = OidIsValid(relid) ?
		try_table_open(relid, RowExclusiveLock) : NULL;
	HeapTuple	tuple;

	if (rel == NULL)
		return;					/* the extension is being dropped */
	tuple = audit_form(RelationGetDescr(rel), entry, who);
	if (own)
	{
		FullTransactionId xid = GetTopFullTransactionId();
		int			columns[2] = {Anum_audit_xid, Anum_audit_context};
		Datum		values[2] = {0};
		bool		nulls[2] = {0};

		values[0] = Int64GetDatum((int64) U64FromFullTransactionId(xid));
		nulls[1] = !settings_get_context(&values[1]);
		tuple = heap_modify_tuple_by_cols(tuple, RelationGetDescr(rel), 2,
										  columns, values, nulls);
	}
	CatalogTupleInsert(rel, tuple);
	table_close(rel, RowExclusiveLock);
}

void
audit_append(const AuditEntry *entry)
{
	AuditWho	who;

	audit_who(&who);
	audit_insert(entry, &who, true);
}

void
audit_append_for(const AuditEntry *entry, const AuditWho *who)
{
	audit_insert(entry, who, false);
}

bool
audit_table_is(Oid relid)
{
	return extension_is_created() &&
		get_rel_namespace(relid) == get_rel_namespace(extension_catalog()) &&
		relid == get_relname_relid("audit_entry", get_rel_namespace(relid));
}

/*
 * temporal.protect_audit() RETURNS trigger
 *
 * BEFORE everything that writes the table, for each statement; ENABLE ALWAYS.
 */
Datum
temporal_protect_audit(PG_FUNCTION_ARGS)
{
	if (!CALLED_AS_TRIGGER(fcinfo))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("function \"%s\" must be fired as a trigger",
						"protect_audit")));
	if (!temporal_allow_period_writes)
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("cannot change the audit log"),
				 errdetail("It is written by what it tells of, and by nothing else."),
				 errhint("For an import, a superuser can turn on temporal.allow_period_writes.")));
	return PointerGetDatum(NULL);
}

/*
 * Removes the rows that are older.  Others add rows meanwhile, and only one
 * removes some.
 */
static int64
audit_remove(TimestampTz before)
{
	Oid			schema = get_rel_namespace(extension_catalog());
	Relation	rel = table_open(get_relname_relid("audit_entry", schema),
								 ShareUpdateExclusiveLock);
	ScanKeyData key;
	SysScanDesc scan;
	HeapTuple	tuple;
	int64		removed = 0;

	ScanKeyInit(&key, Anum_audit_logged_at, BTLessStrategyNumber,
				F_TIMESTAMPTZ_LT, TimestampTzGetDatum(before));
	scan = systable_beginscan(rel, InvalidOid, false, NULL, 1, &key);
	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		CHECK_FOR_INTERRUPTS();
		CatalogTupleDelete(rel, &tuple->t_self);
		removed++;
	}
	systable_endscan(scan);
	table_close(rel, NoLock);
	return removed;
}

/*
 * temporal.trim_audit_log(before timestamptz) RETURNS bigint
 */
Datum
temporal_trim_audit_log(PG_FUNCTION_ARGS)
{
	TimestampTz before = PG_GETARG_TIMESTAMPTZ(0);
	AuditEntry	entry = {
		.action = "trim",
		.relation = InvalidOid,
		.first = DT_NOEND,
		.last = DT_NOBEGIN,
	};
	int64		removed;

	settings_require_preload();
	PreventCommandIfReadOnly("temporal.trim_audit_log()");
	if (before > GetCurrentTransactionStartTimestamp())
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("cannot trim the audit log up to a time that has not passed")));
	removed = audit_remove(before);
	entry.versions = removed;
	entry.reason = psprintf("audit entries before %s",
							timestamptz_to_str(before));
	if (removed > 0)
		audit_append(&entry);
	PG_RETURN_INT64(removed);
}
