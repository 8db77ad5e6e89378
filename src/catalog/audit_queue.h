/*-------------------------------------------------------------------------
 *
 * audit_queue.h
 *	  What was refused, on its way to the audit log
 *
 *-------------------------------------------------------------------------
 */
#ifndef TEMPORAL_AUDIT_QUEUE_H
#define TEMPORAL_AUDIT_QUEUE_H

extern void audit_queue_init(void);

/*
 * To be called before the error that refuses a write to the relation.  reason
 * is short: what was tried.
 */
extern void audit_refuse(Oid relation, const char *reason);

/* Writes what waits, of all sessions of this database, with this transaction. */
extern void audit_queue_write(void);

#endif							/* TEMPORAL_AUDIT_QUEUE_H */
