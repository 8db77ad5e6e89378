/*-------------------------------------------------------------------------
 *
 * syntax.h
 *	  SQL:2011 forms on an unmodified server
 *
 *-------------------------------------------------------------------------
 */
#ifndef TEMPORAL_SYNTAX_H
#define TEMPORAL_SYNTAX_H

/*
 * Takes over the server's raw parser.  Called once, from _PG_init under
 * shared_preload_libraries; where the take-over cannot be done the server is
 * left as it was, one WARNING says so, and the stock forms remain.
 */
extern void syntax_init(void);

#endif							/* TEMPORAL_SYNTAX_H */
