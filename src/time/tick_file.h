/*-------------------------------------------------------------------------
 *
 * tick_file.h
 *	  The reserve of the whole server, in a file of the data directory
 *
 *-------------------------------------------------------------------------
 */
#ifndef TEMPORAL_TICK_FILE_H
#define TEMPORAL_TICK_FILE_H

#include "datatype/timestamp.h"

/* The time the file holds; 0 if there is none that can be believed. */
extern TimestampTz tick_file_read(void);

/* Writes the time; failing to is logged, and costs no more than the file. */
extern void tick_file_write(TimestampTz t);

#endif							/* TEMPORAL_TICK_FILE_H */
