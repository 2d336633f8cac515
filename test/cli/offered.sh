# bash offered.sh SCRIPT WORD...: what the completion script offers for the last of the words, a line each.
. "$1"
shift
COMP_WORDS=("$@")
COMP_CWORD=$(($# - 1))
COMP_LINE="$*"
COMP_POINT=${#COMP_LINE}
# `complete -o … -F FUNCTION tare`: bash calls it with the command, the word and the word before.
function=$(complete -p tare | sed 's/.*-F \([^ ]*\).*/\1/')
"$function" tare "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
printf '%s\n' "${COMPREPLY[@]}"
