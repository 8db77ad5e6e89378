/*-------------------------------------------------------------------------
 *
 * history_survey.h
 *	  Where in a history's heap old versions are, and when they ended
 *
 *-------------------------------------------------------------------------
 */
#ifndef TEMPORAL_HISTORY_SURVEY_H
#define TEMPORAL_HISTORY_SURVEY_H

#include "datatype/timestamp.h"
#include "executor/tuptable.h"
#include "utils/relcache.h"
#include "utils/snapshot.h"

#include "history/history_ranges.h"

/* Ends of versions that are remembered */
#define SURVEY_SAMPLE			30000

typedef struct HistorySurvey HistorySurvey;

/* Versions that ended after one time, up to another: about so many */
typedef struct SurveyPart
{
	TimestampTz after;
	TimestampTz upto;
	TimestampTz last;			/* not after upto */
	int64		versions;
	int64		bytes;			/* of their rows in the heap */
	int64		left;			/* with those that ended later */
	const TimestampTz *sample;	/* of their ends, in order */
	int64		nsample;
	bool		more;			/* there are versions that ended later */
} SurveyPart;

/* What several steps take from one to the next; zero at first */
typedef struct SurveySteps
{
	MemoryContext context;
	HistorySurvey *survey;
} SurveySteps;

struct SliceOrder;

/*
 * Looks at the whole heap for versions that ended at or before order->before;
 * or gives what a step before this one has found, if that is of use.  Without
 * steps in the current context.
 */
extern HistorySurvey *history_survey_for_step(SurveySteps *steps,
											  const struct SliceOrder *order);
extern void history_survey_forget(SurveySteps *steps);

/*
 * The next part: about so many of the oldest versions, 0: all.  It is the same
 * one until that is done, and has no versions when there are no more.
 */
extern void history_survey_take(HistorySurvey *survey, int64 most,
								SurveyPart *part);
extern void history_survey_done(HistorySurvey *survey);

/*
 * Goes through the pages of the heap in which versions of a part may be, with
 * the versions in them; all of them are returned that are visible.
 */
typedef struct SurveyScan
{
	const HistorySurvey *survey;
	SurveyPart	part;
	RangeScan	ranges;
	int			next;			/* range to go to */
	bool		more;
} SurveyScan;

extern void history_survey_begin_scan(SurveyScan *scan,
									  const HistorySurvey *survey,
									  const SurveyPart *part,
									  Relation history, Snapshot snapshot);
extern bool history_survey_next(SurveyScan *scan, TupleTableSlot *slot);
extern void history_survey_end_scan(SurveyScan *scan);

#endif							/* TEMPORAL_HISTORY_SURVEY_H */
