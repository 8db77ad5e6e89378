/*-------------------------------------------------------------------------
 *
 * audit_queue.c
 *	  What was refused, on its way to the audit log
 *
 * A write to a period column or to a history is refused with an error, which
 * rolls back whatever its transaction writes: so it cannot write that it was
 * refused.  It leaves a note in shared memory instead, and a transaction that
 * commits takes it to the audit log: the next one of the same session, or one
 * of maintenance.  Until then temporal.audit_log shows the note from memory.
 *
 * WHAT IT COSTS
 *		A write that is not refused: nothing.  A commit: the look at a variable
 *		of the session.
 *
 * WHAT CAN BE LOST
 *		Notes that no transaction took before the server stops; and notes beyond
 *		AUDIT_QUEUE_NOTES that wait at a time, of which the number is kept.  The
 *		error itself is in the server's log in any case.
 *
 * LOCKING
 *		AuditQueue.lock, exclusive to add and to take, shared to look.  Who takes
 *		notes has them in his own memory until his transaction ends, and puts
 *		them back if it fails.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xact.h"
#include "access/xlog.h"
#include "catalog/pg_authid.h"
#include "catalog/pg_class.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "nodes/pg_list.h"
#include "storage/ipc.h"
#include "storage/lwlock.h"
#include "storage/shmem.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/memutils.h"
#include "utils/syscache.h"
#include "utils/timestamp.h"

#include "base/compat.h"
#include "base/settings.h"
#include "catalog/audit_queue.h"
#include "catalog/audit_table.h"

#define AUDIT_QUEUE_NOTES		512
#define AUDIT_QUEUE_TRANCHE		"temporal_audit_queue"

typedef struct AuditNote
{
	Oid			database;
	AuditEntry	entry;			/* without reason */
	AuditWho	who;
	char		reason[64];
} AuditNote;

typedef struct AuditQueue
{
	LWLock	   *lock;
	int			nnotes;
	int64		nlost;			/* since the last one was taken */
	AuditNote	notes[AUDIT_QUEUE_NOTES];
} AuditQueue;

static AuditQueue *audit_queue = NULL;

/* This session left a note that nobody may have taken yet */
static bool audit_waits = false;

/* Notes that this transaction has taken, in TopMemoryContext */
static AuditNote *audit_taken = NULL;
static int	audit_ntaken = 0;

static shmem_request_hook_type prev_shmem_request_hook = NULL;
static shmem_startup_hook_type prev_shmem_startup_hook = NULL;

PG_FUNCTION_INFO_V1(temporal_audit_waiting);

static void
audit_queue_shmem_request(void)
{
	if (prev_shmem_request_hook)
		prev_shmem_request_hook();
	RequestAddinShmemSpace(MAXALIGN(sizeof(AuditQueue)));
	RequestNamedLWLockTranche(AUDIT_QUEUE_TRANCHE, 1);
}

static void
audit_queue_shmem_startup(void)
{
	bool		found;

	if (prev_shmem_startup_hook)
		prev_shmem_startup_hook();
	LWLockAcquire(AddinShmemInitLock, LW_EXCLUSIVE);
	audit_queue = ShmemInitStruct("temporal audit queue", sizeof(AuditQueue),
								  &found);
	if (!found)
	{
		audit_queue->lock = &(GetNamedLWLockTranche(AUDIT_QUEUE_TRANCHE))->lock;
		audit_queue->nnotes = 0;
		audit_queue->nlost = 0;
	}
	LWLockRelease(AddinShmemInitLock);
}

/*
 * Forgets notes of databases that were dropped, which nobody would take: they
 * are looked for when there is no room for another one.
 */
static void
audit_queue_forget_dropped(void)
{
	Oid			databases[AUDIT_QUEUE_NOTES];
	List	   *seen = NIL;
	List	   *gone = NIL;
	int			n;
	int			left = 0;

	LWLockAcquire(audit_queue->lock, LW_SHARED);
	n = audit_queue->nnotes;
	for (int i = 0; i < n; i++)
		databases[i] = audit_queue->notes[i].database;
	LWLockRelease(audit_queue->lock);
	for (int i = 0; i < n; i++)
	{
		if (list_member_oid(seen, databases[i]))
			continue;
		seen = lappend_oid(seen, databases[i]);
		if (!SearchSysCacheExists1(DATABASEOID,
								   ObjectIdGetDatum(databases[i])))
			gone = lappend_oid(gone, databases[i]);
	}

	LWLockAcquire(audit_queue->lock, LW_EXCLUSIVE);
	for (int i = 0; i < audit_queue->nnotes; i++)
	{
		const AuditNote *note = &audit_queue->notes[i];

		if (!list_member_oid(gone, note->database))
			audit_queue->notes[left++] = *note;
	}
	audit_queue->nnotes = left;
	LWLockRelease(audit_queue->lock);
	list_free(seen);
	list_free(gone);
}

/*
 * Adds a note; the caller has the lock.
 */
static void
audit_queue_add(const AuditNote *note)
{
	if (audit_queue->nnotes < AUDIT_QUEUE_NOTES)
		audit_queue->notes[audit_queue->nnotes++] = *note;
	else
		audit_queue->nlost++;
}

void
audit_refuse(Oid relation, const char *reason)
{
	AuditNote	note = {
		.database = MyDatabaseId,
		.entry = {
			.action = "refuse",
			.relation = relation,
			.versions = -1,
			.first = DT_NOEND,
			.last = DT_NOBEGIN,
		},
	};

	if (!temporal_preloaded || RecoveryInProgress())
		return;
	audit_who(&note.who);
	strlcpy(note.reason, reason, sizeof(note.reason));
	if (audit_queue->nnotes == AUDIT_QUEUE_NOTES)
		audit_queue_forget_dropped();
	LWLockAcquire(audit_queue->lock, LW_EXCLUSIVE);
	audit_queue_add(&note);
	LWLockRelease(audit_queue->lock);
	audit_waits = true;
}

/*
 * Moves this database's notes out of the queue; returns how many more there
 * were that it had no room for.
 */
static int64
audit_queue_take(void)
{
	int64		nlost;
	int			left = 0;

	audit_taken = MemoryContextAlloc(TopMemoryContext,
									 AUDIT_QUEUE_NOTES * sizeof(AuditNote));
	audit_ntaken = 0;
	LWLockAcquire(audit_queue->lock, LW_EXCLUSIVE);
	for (int i = 0; i < audit_queue->nnotes; i++)
	{
		const AuditNote *note = &audit_queue->notes[i];

		if (note->database == MyDatabaseId)
			audit_taken[audit_ntaken++] = *note;
		else
			audit_queue->notes[left++] = *note;
	}
	audit_queue->nnotes = left;
	nlost = audit_ntaken > 0 ? audit_queue->nlost : 0;
	audit_queue->nlost -= nlost;
	LWLockRelease(audit_queue->lock);
	return nlost;
}

/*
 * Forgets what this transaction took, or puts it back.
 */
static void
audit_queue_end(bool committed)
{
	if (audit_taken == NULL)
		return;
	if (!committed)
	{
		LWLockAcquire(audit_queue->lock, LW_EXCLUSIVE);
		for (int i = 0; i < audit_ntaken; i++)
			audit_queue_add(&audit_taken[i]);
		LWLockRelease(audit_queue->lock);
	}
	pfree(audit_taken);
	audit_taken = NULL;
	audit_ntaken = 0;
	audit_waits = !committed;
}

void
audit_queue_write(void)
{
	int64		nlost;

	if (!temporal_preloaded || audit_taken != NULL ||
		audit_queue->nnotes == 0)
		return;
	nlost = audit_queue_take();
	for (int i = 0; i < audit_ntaken; i++)
	{
		audit_taken[i].entry.action = "refuse";
		audit_taken[i].entry.reason = audit_taken[i].reason;
		audit_append_for(&audit_taken[i].entry, &audit_taken[i].who);
	}
	if (nlost > 0)
	{
		AuditEntry	lost = {
			.action = "refuse",
			.versions = -1,
			.first = DT_NOEND,
			.last = DT_NOBEGIN,
			.reason = psprintf(INT64_FORMAT " more, of which there was no note",
							   nlost),
		};

		audit_append(&lost);
	}
}

static void
audit_queue_callback(XactEvent event, void *arg)
{
	switch (event)
	{
		case XACT_EVENT_PRE_COMMIT:
			if (audit_waits && !XactReadOnly && OidIsValid(MyDatabaseId))
				audit_queue_write();
			break;
		case XACT_EVENT_COMMIT:
			audit_queue_end(true);
			break;
		case XACT_EVENT_ABORT:
		case XACT_EVENT_PREPARE:
			audit_queue_end(false);
			break;
		default:
			break;
	}
}

void
audit_queue_init(void)
{
	prev_shmem_request_hook = shmem_request_hook;
	shmem_request_hook = audit_queue_shmem_request;
	prev_shmem_startup_hook = shmem_startup_hook;
	shmem_startup_hook = audit_queue_shmem_startup;
	RegisterXactCallback(audit_queue_callback, NULL);
}

/*
 * May the user know of it?  The function is called with the rights of whoever
 * reads the view.
 */
static bool
audit_may_see(const AuditNote *note)
{
	Oid			user = GetUserId();

	if (has_privs_of_role(user, ROLE_PG_READ_ALL_DATA) ||
		has_privs_of_role(user, ROLE_PG_MONITOR))
		return true;
	return SearchSysCacheExists1(RELOID,
								 ObjectIdGetDatum(note->entry.relation)) &&
		object_ownercheck(RelationRelationId, note->entry.relation, user);
}

/*
 * temporal.audit_waiting() RETURNS SETOF temporal.audit_entry
 */
Datum
temporal_audit_waiting(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *set = (ReturnSetInfo *) fcinfo->resultinfo;
	AuditNote  *notes;
	int			nnotes = 0;

	InitMaterializedSRF(fcinfo, 0);
	if (!temporal_preloaded)
		return (Datum) 0;
	notes = palloc(AUDIT_QUEUE_NOTES * sizeof(AuditNote));
	LWLockAcquire(audit_queue->lock, LW_SHARED);
	for (int i = 0; i < audit_queue->nnotes; i++)
	{
		if (audit_queue->notes[i].database == MyDatabaseId)
			notes[nnotes++] = audit_queue->notes[i];
	}
	LWLockRelease(audit_queue->lock);
	for (int i = 0; i < nnotes; i++)
	{
		if (!audit_may_see(&notes[i]))
			continue;
		notes[i].entry.action = "refuse";
		notes[i].entry.reason = notes[i].reason;
		tuplestore_puttuple(set->setResult,
							audit_form(set->setDesc, &notes[i].entry,
									   &notes[i].who));
	}
	return (Datum) 0;
}
