/*-------------------------------------------------------------------------
 *
 * session_time.h
 *	  temporal.as_of: the time at which the session reads versioned tables
 *
 *-------------------------------------------------------------------------
 */
#ifndef TEMPORAL_SESSION_TIME_H
#define TEMPORAL_SESSION_TIME_H

#include "datatype/timestamp.h"

/* How a time can be given */
typedef enum SessionTimeKind
{
	SESSION_TIME_TIMESTAMP,
	SESSION_TIME_SCN,			/* scn:<n> */
	SESSION_TIME_TRANSACTION,	/* transaction:<xid> */
	SESSION_TIME_SNAPSHOT		/* snapshot:<name> */
} SessionTimeKind;

/* The time that a number or a name stands for; raises 02000 if none. */
typedef TimestampTz (*SessionTimeResolver) (SessionTimeKind kind,
											int64 number, const char *name);

/* Is temporal.as_of set?  Whoever wants to know more asks this first. */
extern bool session_time_is_set;

extern SessionTimeResolver session_time_resolver;

extern void session_time_init(void);

/* The time, if it is set; may ask the resolver. */
extern TimestampTz session_time_get(void);

/*
 * 25006: the command would write the table, or lock rows of it, while the
 * session reads another time.
 */
extern void session_time_refuse_write(const char *command,
									  const char *table);

/*
 * Between the two the session is as without temporal.as_of; the end of the
 * (sub)transaction ends it too.
 */
extern int	session_time_begin_present(void);
extern void session_time_end_present(int nest_level);

#endif							/* TEMPORAL_SESSION_TIME_H */
