# bash completion for skiff
# Made by "skiff completion bash"; do not edit.

__skiff_complete() {
  # The line up to the cursor, cut at blanks only: bash also cuts at "=" and ":", which stand in images and flags.
  local cur words=() cword
  if declare -F _get_comp_words_by_ref >/dev/null; then
    _get_comp_words_by_ref -n "=:" cur words cword
  else
    local line=${COMP_LINE:0:COMP_POINT}
    read -r -a words <<<"$line"
    [[ $line == *[[:space:]] ]] && words+=("")
    cword=$((${#words[@]} - 1))
    cur=${words[cword]}
  fi

  local out directive word add
  out=$("${words[0]}" __complete -- "${words[@]:1:cword}" 2>/dev/null) || return
  directive=${out##*$'\n'}
  COMPREPLY=()
  while IFS=$'\t' read -r word _; do
    [[ $word == :* ]] && continue
    COMPREPLY+=("$(printf '%q' "$word")")
  done <<<"$out"
  add=${directive#:}
  # compopt complains where no TAB was pressed: a wrapper that calls this function has its own options.
  [[ $add == *,nospace ]] && compopt -o nospace 2>/dev/null
  case ${add%%,*} in
    file) compopt -o default -o filenames 2>/dev/null; [[ ${#COMPREPLY[@]} -gt 0 ]] || mapfile -t COMPREPLY < <(compgen -f -- "${cur#--*=}") ;;
    dir) compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -d -- "${cur#--*=}") ;;
    command) mapfile -t COMPREPLY < <(compgen -c -- "$cur") ;;
  esac

  # What stands before the last "=" or ":" is, for bash, an earlier word: take it off.
  local before=${cur%"${cur##*[=:]}"} i
  if [[ -n $before && $COMP_WORDBREAKS == *[=:]* ]]; then
    for i in "${!COMPREPLY[@]}"; do COMPREPLY[i]=${COMPREPLY[i]#"$before"}; done
  fi
}

complete -F __skiff_complete skiff
