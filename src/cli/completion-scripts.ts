/**
 * The shells' side of completion: each script hands the words to `skiff __complete` and shows what comes back. Candidates
 * are data: no script evaluates them (names of containers and images come from outside).
 */
export const shells = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof shells)[number];

export function completionScript(shell: Shell): string {
  return { bash, zsh, fish }[shell];
}

const bash = `# bash completion for skiff
# Made by "skiff completion bash"; do not edit.

__skiff_complete() {
  # The line up to the cursor, cut at blanks only: bash also cuts at "=" and ":", which stand in images and flags.
  local cur words=() cword
  if declare -F _get_comp_words_by_ref >/dev/null; then
    _get_comp_words_by_ref -n "=:" cur words cword
  else
    local line=\${COMP_LINE:0:COMP_POINT}
    read -r -a words <<<"$line"
    [[ $line == *[[:space:]] ]] && words+=("")
    cword=$((\${#words[@]} - 1))
    cur=\${words[cword]}
  fi

  local out directive word add
  out=$("\${words[0]}" __complete -- "\${words[@]:1:cword}" 2>/dev/null) || return
  directive=\${out##*$'\\n'}
  COMPREPLY=()
  while IFS=$'\\t' read -r word _; do
    [[ $word == :* ]] && continue
    COMPREPLY+=("$(printf '%q' "$word")")
  done <<<"$out"
  add=\${directive#:}
  # compopt complains where no TAB was pressed: a wrapper that calls this function has its own options.
  [[ $add == *,nospace ]] && compopt -o nospace 2>/dev/null
  case \${add%%,*} in
    file) compopt -o default -o filenames 2>/dev/null; [[ \${#COMPREPLY[@]} -gt 0 ]] || mapfile -t COMPREPLY < <(compgen -f -- "\${cur#--*=}") ;;
    dir) compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -d -- "\${cur#--*=}") ;;
    command) mapfile -t COMPREPLY < <(compgen -c -- "$cur") ;;
  esac

  # What stands before the last "=" or ":" is, for bash, an earlier word: take it off.
  local before=\${cur%"\${cur##*[=:]}"} i
  if [[ -n $before && $COMP_WORDBREAKS == *[=:]* ]]; then
    for i in "\${!COMPREPLY[@]}"; do COMPREPLY[i]=\${COMPREPLY[i]#"$before"}; done
  fi
}

complete -F __skiff_complete skiff
`;

const zsh = `#compdef skiff
# zsh completion for skiff
# Made by "skiff completion zsh"; do not edit.

_skiff() {
  local out directive line word help
  local -a found nospace
  out=$("\${words[1]}" __complete -- "\${(@Q)words[2,CURRENT]}" 2>/dev/null) || return 1
  directive=\${out##*$'\\n'}
  for line in "\${(@f)out}"; do
    [[ $line == :* ]] && continue
    word=\${line%%$'\\t'*}
    help=
    [[ $line == *$'\\t'* ]] && help=\${line#*$'\\t'}
    found+=("\${word//:/\\\\:}\${help:+:$help}")
  done
  [[ $directive == *,nospace ]] && nospace=(-S '')
  (( \${#found} )) && _describe -t skiff skiff found $nospace
  case \${\${directive#:}%%,*} in
    file) compset -P '--*='; _files ;;
    dir) compset -P '--*='; _files -/ ;;
    command) _command_names -e ;;
  esac
  return 0
}

if [[ "\${funcstack[1]}" == _skiff ]]; then
  _skiff "$@"
else
  compdef _skiff skiff
fi
`;

const fish = `# fish completion for skiff
# Made by "skiff completion fish"; do not edit.

function __skiff_complete
    set -l words (commandline -opc) (commandline -ct)
    set -l out ($words[1] __complete -- $words[2..-1] 2>/dev/null)
    or return
    set -l add (string replace -r '^:([a-z]*).*' '$1' -- $out[-1])
    set -l current (commandline -ct)
    for line in $out[1..-2]
        echo $line
    end
    set -l prefix (string match -r '^--[^=]*=' -- $current; or echo '')
    set -l rest (string replace -r '^--[^=]*=' '' -- $current)
    # fish's own completion of paths does not work from within a completion.
    set -l pattern (string replace -r '^~/' "$HOME/" -- $rest)
    switch $add
        case file dir
            for path in $pattern*
                if test -d $path
                    echo $prefix(string replace -- $pattern $rest $path)/
                else if test $add = file
                    echo $prefix(string replace -- $pattern $rest $path)
                end
            end
        case command
            __fish_complete_command
    end
end

complete -c skiff -f -a '(__skiff_complete)'
`;
