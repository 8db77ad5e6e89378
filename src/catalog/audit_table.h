/*-------------------------------------------------------------------------
 *
 * audit_table.h
 *	  Rows of temporal.audit_entry: what was done to histories
 *
 *-------------------------------------------------------------------------
 */
#ifndef TEMPORAL_AUDIT_TABLE_H
#define TEMPORAL_AUDIT_TABLE_H

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

/*
 * Adds a row, which commits with the transaction.  Checks no privileges.  Who
 * did it is the current user: to be called with that of the session.
 */
extern void audit_append(const AuditEntry *entry);

#endif							/* TEMPORAL_AUDIT_TABLE_H */
