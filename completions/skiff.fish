# fish completion for skiff
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
