/*-------------------------------------------------------------------------
 *
 * history_decimal.h
 *	  Decimal numbers, as integers
 *
 *-------------------------------------------------------------------------
 */
#ifndef TEMPORAL_HISTORY_DECIMAL_H
#define TEMPORAL_HISTORY_DECIMAL_H

#include "history/history_bytes.h"
#include "history/history_integers.h"

/* How some numbers are going to be written: which see */
typedef struct HistoryDecimals
{
	uint64	   *integers;
	HistoryIntegers plan;		/* of the integers */

	/* Of floating point numbers */
	int			exponent;
	int			nexceptions;
	uint64	   *positions;
	uint64	   *exceptions;

	/* Of numerics: digits after the point */
	uint64	   *scales;
} HistoryDecimals;

/*
 * Are the values, of 4 or 8 bytes, decimal numbers in floating point?  Then
 * this is how they are written.
 */
extern bool history_decimal_plan_floats(HistoryDecimals *decimals, int length,
										const uint64 *values, int n);
extern void history_decimal_write_floats(StringInfo buf,
										 const HistoryDecimals *decimals,
										 int n, int level);
extern bool history_decimal_read_floats(HistoryReader *reader, int length,
										uint64 *values, int n, int from,
										int to);

/* Likewise: numerics */
extern bool history_decimal_plan_numerics(HistoryDecimals *decimals,
										  const HistoryBytes *items, int n);
extern void history_decimal_write_numerics(StringInfo buf,
										   const HistoryDecimals *decimals,
										   int n, int level);
extern bool history_decimal_read_numerics(HistoryReader *reader,
										  Datum *values, int n, int from,
										  int to);

extern void history_decimal_forget(HistoryDecimals *decimals);

#endif							/* TEMPORAL_HISTORY_DECIMAL_H */
