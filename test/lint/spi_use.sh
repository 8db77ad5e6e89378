#!/bin/bash
# No SPI on a path that runs for each row: only where a person typed DDL.
# A file elsewhere that must use it is named here, with the reason.
# transaction_prepared.c: COMMIT PREPARED looks up the transaction by its name.
allowed='^src/((ddl|maintenance|review)/|time/transaction_prepared\.c:)'
! grep -rnE '\bSPI_[a-z_]+ *\(' src --include='*.c' | grep -vE "$allowed"
