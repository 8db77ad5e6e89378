/*-------------------------------------------------------------------------
 *
 * review.h
 *	  What changed, and going back
 *
 *-------------------------------------------------------------------------
 */
#ifndef TEMPORAL_REVIEW_H
#define TEMPORAL_REVIEW_H

#include "nodes/parsenodes.h"

#include "base/compat.h"
#include "review/review_query.h"

/*
 * review_function.c: functions that are expanded when a query is planned.
 * Called by module.c.
 */
extern void review_init(void);

/*
 * Parse analysis and rewriting of a generated SELECT; mistakes are shown in its
 * text.  Takes the locks it needs.
 */
extern Query *review_analyse(const char *text,
							 const ReviewParameters *parameters);

/* 22004: the argument must not be null */
pg_noreturn extern void review_refuse_null(const char *argument);

/* review_changes.c */
extern char *review_versions_query(const ReviewTable *table,
								   const ReviewTime *times);
extern char *review_changes_query(const ReviewTable *table,
								  const ReviewTime *times);

/* review_diff.c */
extern char *review_diff_query(const ReviewTable *table,
							   const ReviewTime *times);
extern char *review_diff_stat_query(const ReviewTable *table,
									const ReviewTime *times);

/*
 * review_where.c: the condition in parentheses, fit to be part of a query;
 * 42601 unless it is one expression.  Does it look at nothing but the key?
 */
extern char *review_where_text(const ReviewTable *table, const char *where,
							   bool *key_only);

/* review_flashback.c */
extern char *review_flashback_query(const ReviewTable *table,
									const ReviewTime *times);

#endif							/* TEMPORAL_REVIEW_H */
