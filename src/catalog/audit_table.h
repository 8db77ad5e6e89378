/*-------------------------------------------------------------------------
 *
 * audit_table.h
 *	  Rows of temporal.audit_entry: what was done to histories
 *
 *-------------------------------------------------------------------------
 */
#ifndef TEMPORAL_AUDIT_TABLE_H
#define TEMPORAL_AUDIT_TABLE_H

#include "access/htup.h"
#include "access/tupdesc.h"
#include "datatype/timestamp.h"

/* What happened; the rest of a row, who and from where, is added */
typedef struct AuditEntry
{
	const char *action;			/* retain, compress, policy, ... */
	Oid			relation;		/* the versioned table; InvalidOid: none */
	int64		versions;		/* that it concerned; -1: does not apply */
	TimestampTz first;			/* their ends: earliest and latest; */
	TimestampTz last;			/* first > last: does not apply */
	const char *reason;			/* NULL: none */
} AuditEntry;

/* Who did it, when and from where; without pointers */
typedef struct AuditWho
{
	TimestampTz at;
	Oid			session_user;
	Oid			role;
	char		application_name[NAMEDATALEN];
	char		client_addr[64];	/* as text; empty: none */
} AuditWho;

/* This session, now */
extern void audit_who(AuditWho *who);

/*
 * Adds a row, which commits with the transaction.  Checks no privileges.  Who
 * did it is the current user: to be called with that of the session.
 */
extern void audit_append(const AuditEntry *entry);

/* The same for somebody else, without a context */
extern void audit_append_for(const AuditEntry *entry, const AuditWho *who);

/* Is it the table? */
extern bool audit_table_is(Oid relid);

/* A row of the table, without a transaction's number */
extern HeapTuple audit_form(TupleDesc desc, const AuditEntry *entry,
							const AuditWho *who);

#endif							/* TEMPORAL_AUDIT_TABLE_H */
