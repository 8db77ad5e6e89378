/*-------------------------------------------------------------------------
 *
 * transaction_scn.c
 *	  System change numbers, and how far the past is settled
 *
 * The SCN of a transaction is its commit tick C as a number of microseconds
 * since 2000-01-01 UTC, which is what a timestamptz is made of: one is the
 * other, no look-up is needed.
 *
 * WHAT A SNAPSHOT KNOWS TO BE SETTLED
 *		Each row of the log says what was settled when its transaction
 *		committed: whoever sees the row sees all that ended before.  The time
 *		that the last row the snapshot sees says is therefore settled for the
 *		snapshot, on a standby too, but nothing newer than the
 *		last commit.  On a primary shared memory knows what is settled by now;
 *		if there is a transaction that ended after the snapshot was taken, it
 *		took its ticks after the first of the two times, so that only the rows
 *		written since have to be looked at for one.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xlog.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "base/compat.h"
#include "base/settings.h"
#include "time/tick_clock.h"
#include "time/transaction_flight.h"
#include "time/transaction_instant.h"
#include "time/transaction_prepared.h"
#include "time/transaction_scan.h"

PG_FUNCTION_INFO_V1(temporal_scn_to_timestamp);
PG_FUNCTION_INFO_V1(temporal_timestamp_to_scn);
PG_FUNCTION_INFO_V1(temporal_time_of_scn);
PG_FUNCTION_INFO_V1(temporal_current_scn);
PG_FUNCTION_INFO_V1(temporal_stable_time);

/*
 * settled, or less if a transaction ended by now that the scan's snapshot does
 * not see; none took a tick at or before t.
 */
static TimestampTz
scn_settled_for(TransactionScan *scan, TimestampTz t, TimestampTz settled)
{
	TransactionRow row;

	transaction_scan_after(scan, t);
	while (transaction_scan_next(scan, &row))
	{
		CHECK_FOR_INTERRUPTS();
		if (!row.visible)
			settled = Min(settled, row.system_time - 1);
	}
	return settled;
}

/*
 * temporal.stable_time() RETURNS timestamptz
 */
Datum
temporal_stable_time(PG_FUNCTION_ARGS)
{
	TransactionScan *scan;
	TransactionRow latest;
	TimestampTz known = DT_NOBEGIN;
	TimestampTz settled = DT_NOBEGIN;
	bool		on_standby;

	settings_require_preload();
	on_standby = RecoveryInProgress();
	if (!on_standby)
	{
		settled = transaction_flight_settled(tick_clock_pass());
		settled = transaction_prepared_settled(settled);
	}

	/* begun now, the scan has the row of whatever is not in flight any more */
	scan = transaction_scan_begin(GetActiveSnapshot());
	if (scan == NULL)
		PG_RETURN_NULL();
	if (transaction_scan_latest(scan, &latest))
		known = latest.settled;
	if (on_standby)
		settled = known;
	else if (settled > known)
		settled = scn_settled_for(scan, known, settled);
	transaction_scan_end(scan);

	/*
	 * A tick of a transaction means a later time, when it had been committed,
	 * which may not be settled.
	 */
	while (transaction_instant(settled)->upper > settled)
		settled--;
	PG_RETURN_TIMESTAMPTZ(settled);
}

/*
 * temporal.current_scn() RETURNS bigint
 */
Datum
temporal_current_scn(PG_FUNCTION_ARGS)
{
	TransactionScan *scan;
	TransactionRow latest;
	int64		scn = 0;		/* before the first commit, any time will do */

	settings_require_preload();
	scan = transaction_scan_begin(GetActiveSnapshot());
	if (scan == NULL)
		PG_RETURN_NULL();
	if (transaction_scan_latest(scan, &latest))
		scn = (int64) latest.committed_at;
	transaction_scan_end(scan);
	PG_RETURN_INT64(scn);
}

static TimestampTz
scn_timestamp(int64 scn)
{
	if (scn < 0 || !IS_VALID_TIMESTAMP(scn))
		ereport(ERROR,
				(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
				 errmsg("SCN %lld is out of range", (long long) scn),
				 errdetail("An SCN counts microseconds since 2000-01-01 UTC.")));
	return (TimestampTz) scn;
}

/*
 * temporal.scn_to_timestamp(scn bigint) RETURNS timestamptz
 */
Datum
temporal_scn_to_timestamp(PG_FUNCTION_ARGS)
{
	PG_RETURN_TIMESTAMPTZ(scn_timestamp(PG_GETARG_INT64(0)));
}

/*
 * temporal.timestamp_to_scn(time timestamptz) RETURNS bigint
 */
Datum
temporal_timestamp_to_scn(PG_FUNCTION_ARGS)
{
	TimestampTz t = PG_GETARG_TIMESTAMPTZ(0);

	if (TIMESTAMP_NOT_FINITE(t) || t < 0)
		ereport(ERROR,
				(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
				 errmsg("time %s has no SCN", timestamptz_to_str(t)),
				 errdetail("An SCN counts microseconds since 2000-01-01 UTC.")));
	PG_RETURN_INT64((int64) t);
}

/*
 * temporal.time_of_scn(scn bigint) RETURNS timestamptz
 *
 * An SCN of the future belongs to no transaction.
 */
Datum
temporal_time_of_scn(PG_FUNCTION_ARGS)
{
	int64		scn = PG_GETARG_INT64(0);
	bool		unknown;

	settings_require_preload();
	unknown = scn < 0 || !IS_VALID_TIMESTAMP(scn) ||
		(!RecoveryInProgress() && scn > tick_clock_pass() &&
		 scn > tick_clock_last());
	if (unknown)
		ereport(ERROR,
				(errcode(ERRCODE_NO_DATA),
				 errmsg("there is no SCN %lld", (long long) scn),
				 errdetail("An SCN is the commit tick of a transaction, in microseconds since 2000-01-01 UTC, and not in the future."),
				 errhint("temporal.current_scn() returns that of the last transaction.")));
	PG_RETURN_TIMESTAMPTZ((TimestampTz) scn);
}
