#!/bin/bash
# No SPI on a path that runs for each row: only where a person typed DDL.
# A file elsewhere that must use it is named here, with the reason.
allowed='^src/(ddl|maintenance|review)/'
! grep -rnE '\bSPI_[a-z_]+ *\(' src --include='*.c' | grep -vE "$allowed"
