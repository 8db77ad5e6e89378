#!/bin/bash
# File names are unique in the tree, so that LOCATION: names one place.
! find src -name '*.[ch]' | sed 's#.*/##' | sort | uniq -d | grep .
