# shellcheck shell=bash
# What the job scripts share; sourced by them, inside a Slurm job, with bash.
#
# Exit codes of the program become states of the job:
#    0        done
#    3        done, some samples were skipped: named in the log, then 0, so that dependent jobs run
#   75        stopped on request: back into the queue; the only code that goes there
#   others    as they are: the job has failed, and starting it again would fail again
. "${RETROGRAD_SLURM:?}/site.sh"

say() {
  echo "$(date -u +%FT%TZ) job ${SLURM_ARRAY_JOB_ID:+${SLURM_ARRAY_JOB_ID}_$SLURM_ARRAY_TASK_ID }$SLURM_JOB_ID: $*"
}

# The file that these options write: the program itself says, because a study file may name it.
out_of() {
  "$RETROGRAD" "$@" --print-config 2>/dev/null | sed -n 's/^out: "\(.*\)"$/\1/p'
}

# Name of one shard's file: S.h5 -> S.shard3of8.h5.
shard_path() {
  echo "${1%.h5}.shard$2of$3.h5"
}

# Words of the n-th study of a list, one a line: quoted as in a shell, but nothing is expanded.
list_line() {
  grep -Ev '^[[:space:]]*(#|$)' "$1" | sed -n "$2p" | xargs -r printf '%s\n'
}

# Two runs in a row that ended without having finished one unit: the time limit is too short for any.
is_stuck() {
  [ -r "$1.runs.jsonl" ] && [ "$(grep '"event":"end"' "$1.runs.jsonl" | tail -n 2 | grep -c '"made":0,')" -eq 2 ]
}

# Skipped samples with their reasons, one a line.
name_skipped() {
  "$RETROGRAD" inspect "$1" --all | sed -n '/^samples/p; /^  *[a-z_]*: /p'
}

# Start the step, hand it Slurm's warning, and wait until it has really ended: a trapped signal ends bash's
# `wait` early.  Sets code, and ending where the job is being cancelled or is out of time.
step() {
  local pid='' interrupted='' got
  warned='' ending=''
  trap 'interrupted=1 warned=1; [ -z "$pid" ] || kill -USR1 "$pid" 2>/dev/null' USR1
  trap 'interrupted=1 ending=1; [ -z "$pid" ] || kill -TERM "$pid" 2>/dev/null' TERM
  "${LAUNCH[@]}" "$RETROGRAD" "$@" &
  pid=$!
  code=1
  while :; do
    interrupted=''
    wait "$pid" 2>/dev/null
    got=$?
    [ "$got" -eq 127 ] || code=$got # 127: ended before, and its code is known
    [ -n "$interrupted" ] || break
  done
  trap - USR1 TERM
}

# Put this job back into the queue, so that it goes on where it has stopped.  An element of an array is named
# by its place: its job's number may be the array's, too, and would mean all elements.
requeue() {
  local job=$SLURM_JOB_ID
  [ -z "${SLURM_ARRAY_JOB_ID:-}" ] || job=${SLURM_ARRAY_JOB_ID}_$SLURM_ARRAY_TASK_ID
  if [ "${SLURM_RESTART_COUNT:-0}" -ge "$MAX_RESTARTS" ]; then
    say "not put back into the queue: started $((SLURM_RESTART_COUNT + 1)) times already (MAX_RESTARTS)"
  elif is_stuck "$1"; then
    say "not put back into the queue: two runs in a row finished no unit; it needs a longer --time"
  elif scontrol requeue "$job"; then
    say "stopped in time; put back into the queue"
    sleep 120 # Slurm ends this shell meanwhile
  else
    say "this site does not let jobs go back into the queue: submit it again to continue"
  fi
}

# One study on all ranks of the job: run_study JOB OPTIONS...
run_study() {
  local out code warned ending
  out=$(out_of "$@")
  [ -z "$out" ] || [ -e "$out" ] || stripe "$(dirname "$out")"
  say "start ${SLURM_RESTART_COUNT:-0}: retrograd $*; ${SLURM_NTASKS:-1} ranks on $SLURM_JOB_NODELIST"
  step "$@"
  say "exit code $code${warned:+; warned by Slurm}${ending:+; cancelled or out of time}"
  [ "$code" -ne 75 ] || [ -n "$ending" ] || requeue "$out"
  [ "$code" -eq 3 ] || exit "$code"
  name_skipped "$out"
  say "done; the samples above were skipped, which is no failure"
  exit 0
}
