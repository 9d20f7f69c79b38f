/** Expected texts were recorded from Podman 4.3.1 (Go 1.19) by `podman images --format`, but for those marked otherwise. */
import test from 'ava';
import { compileTemplate, goMap, renderTemplate } from '../../../src/lib/template.ts';

const row = { ID: '728c636b52a5', Size: 11_349, Labels: goMap({ a: 'b' }), Names: ['x:1', 'y:2'], Nothing: null, Inner: { Deep: { Value: 1.5 } }, Label: (key: string) => `label ${key}` };
const render = (text: string, data: unknown = row): string => renderTemplate(text, data, {}, { name: 'images', typeName: 'images.imageReporter' });

const same: readonly (readonly [string, string])[] = [
  // fields, maps, methods
  ['{{.ID}} {{ .Size }}', '728c636b52a5 11349'],
  ['{{.Id}}', '728c636b52a5'], // skiff: letter case of struct fields does not matter
  ['{{.Inner.Deep.Value}}', '1.5'],
  ['{{.Labels}}|{{.Labels.a}}|{{.Labels.zz}}|{{.Labels.zz.b}}|{{index .Labels "zz"}}', 'map[a:b]|b|<no value>|<no value>|'],
  ['{{.Names}} {{index .Names 1}} {{len .Names}}', '[x:1 y:2] y:2 2'],
  ['{{.Nothing}}', '<nil>'], // as a nil pointer (inspect's .Config.OnBuild)
  ['{{.Label "k"}} {{"p" | .Label}}', 'label k label p'],
  ['{{(index .Names 0)}} {{(print "a" "b") | len}}', 'x:1 2'],
  // trim markers and comments
  ['a  {{- "b" -}}  c', 'abc'],
  ['a {{"b"}} c', 'a b c'],
  ['{{/* comment */}}ok', 'ok'],
  ['x {{- /* comment */ -}} ok', 'xok'],
  ['{{ "a" -}}   {{- "b" }}', 'ab'],
  // literals
  ['{{1_000}} {{0x1F}} {{0b11}} {{0o17}} {{017}} {{1e3}} {{\'a\'}} {{-5}} {{.5}}', '1000 31 3 15 15 1000 97 -5 0.5'],
  ['{{`raw\\n`}} {{"tab\\tq\\"u\\x41\\u00e9"}} {{true}}', 'raw\\n tab\tq"uAé true'],
  // control
  ['{{if eq 1 2}}a{{else if eq 1 1}}b{{else}}c{{end}}', 'b'],
  ['{{if false}}a{{end}}', ''],
  ['{{if .ID}}y{{end}}{{if .Labels}}y{{else}}n{{end}}', 'yy'],
  ['{{with ""}}x{{else}}y{{end}}{{with $x := "v"}}{{$x}}{{.}}{{end}}', 'yvv'],
  ['{{range $i, $e := .Names}}{{$i}}={{$e}};{{end}}', '0=x:1;1=y:2;'],
  ['{{range $e := .Names}}{{$e}},{{else}}none{{end}}', 'x:1,y:2,'],
  ['{{range .Nothing}}x{{else}}none{{end}}', 'none'],
  ['{{range $k, $v := .Labels}}{{$k}}={{$v}}{{end}}', 'a=b'],
  ['{{range split "a,b,c" ","}}{{if eq . "b"}}{{continue}}{{end}}{{.}}{{end}}', 'ac'],
  ['{{range split "a,b,c" ","}}{{if eq . "b"}}{{break}}{{end}}{{.}}{{end}}', 'a'],
  ['{{range .Names}}{{$.ID}} {{end}}', '728c636b52a5 728c636b52a5 '],
  ['{{$x := 1}}{{if true}}{{$x = 2}}{{end}}{{$x}}', '2'],
  ['{{$x := 1}}{{if true}}{{$x := 2}}{{$x}}{{end}}{{$x}}', '21'],
  ['{{range 3}}x{{end}}', 'xxx'], // Go 1.22
  // functions
  ['{{and 1 0 2}} {{or 0 "" "x"}} {{not 0}} {{and true (or false 1)}}', '0 x true 1'],
  ['{{and false (index .Names 9)}}', 'false'],
  ['{{eq 1 1}} {{eq "a" "b" "a"}} {{ne 1 2}} {{lt 1 2}} {{le 2 2}} {{gt "b" "a"}} {{ge 1 2}}', 'true true true true true true false'],
  ['{{len "héllo"}} {{slice "abcdef" 1 3}} {{slice "abcdef" 1}} {{index "abc" 1}}', '6 bc bcdef 98'],
  ['{{html "<a href=\'x\'>&"}} {{js "it\'s \\"<x>\\""}} {{urlquery "a b/c?d=é"}}', '&lt;a href=&#39;x&#39;&gt;&amp; it\\\'s \\"\\u003Cx\\u003E\\" a+b%2Fc%3Fd%3D%C3%A9'],
  ['{{upper "abc"}} {{lower "ABC"}} {{title "hello wORLD it\'s"}}', "ABC abc Hello WORLD It'S"],
  ['{{join (split "a,b,c" ",") "-"}} {{split "a,b" ","}}', 'a-b-c [a b]'],
  ['{{json (split "a,b" ",")}} {{json "a<b>&\\"q\\""}} {{json nil}} {{json .Labels}}', '["a","b"] "a<b>&\\"q\\"" null {"a":"b"}'],
  ['{{pad "x" 2 3}}|{{truncate "abcdef" 3}}', '  x   |abc'],
  ['{{print 1 2 "a" "b" 3 4.5 true}}', '1 2ab3 4.5 true'],
  ['{{println "a" 1}}', 'a 1\n'],
  ['{{"x" | printf "%s-%s" "y"}}', 'y-x'],
  ['{{true | not}} {{.ID | printf "%q"}}', 'false "728c636b52a5"'],
  // printf
  ['{{printf "%5s|%-5s|%05d|%x|%X|%q" "ab" "ab" 42 255 "hi" "q\\"x"}}', '   ab|ab   |00042|ff|6869|"q\\"x"'],
  ['{{printf "%d" "x"}} {{printf "%s" 5}} {{printf "%d %d" 1}} {{printf "%d" 1 2}}', '%!d(string=x) %!s(int=5) 1 %!d(MISSING) 1%!(EXTRA int=2)'],
  ['{{printf "%v %v %v" 1.5 true nil}}', '1.5 true <nil>'],
  ['{{printf "%t %5t" true false}} {{printf "%.2f %8.3f %e %g" 3.14159 2.5 12345.678 0.00001}}', 'true false 3.14    2.500 1.234568e+04 1e-05'],
  ['{{printf "%c %U %q" 65 8364 \'x\'}} {{printf "%+d % d %+v" 5 5 "x"}}', "A U+20AC 'x' +5  5 x"],
  ['{{printf "%6.2f|%-8s|%8s" 1.0 "é" "日本"}}', '  1.00|é       |      日本'],
  ['{{printf "%T %T %T %T" 1 1.5 "s" true}} {{printf "%z" 1}} {{printf "%"}} {{printf "%%"}}', 'int float64 string bool %!z(int=1) %!(NOVERB) %'],
  ['{{printf "%s" nil}} {{printf "%#x %#q %o %b" 255 "a" 8 5}} {{printf "%*d" 5 42}} {{printf "%.3s" "abcdef"}}', '%!s(<nil>) 0xff `a` 10 101    42 abc'],
  ['{{printf "% x" "abc"}} {{printf "%q" "a\\tb\\x00é\\u200b"}} {{printf "%08.3f" -3.14159}} {{printf "%x" -255}}', '61 62 63 "a\\tb\\x00é\\u200b" -003.142 -ff'],
  ['{{printf "%s" .Labels}} {{printf "%v" .Names}}', 'map[a:b] [x:1 y:2]'],
];

for (const [template, expected] of same) test(`renderTemplate() prints ${template}`, (t) => t.is(render(template), expected));

const refused: readonly (readonly [string, string])[] = [
  ['{{.Foo}}', 'template: images:1:2: executing "images" at <.Foo>: can\'t evaluate field Foo in type images.imageReporter'],
  ['a\n  {{.ID.Foo}}', 'template: images:2:4: executing "images" at <.ID.Foo>: can\'t evaluate field Foo in type string'],
  ['{{.Nothing.Foo}}', 'template: images:1:2: executing "images" at <.Nothing.Foo>: nil pointer evaluating interface {}.Foo'],
  ['{{eq 1 "a"}}', 'template: images:1:2: executing "images" at <eq 1 "a">: error calling eq: incompatible types for comparison'],
  ['{{eq 1}}', 'template: images:1:2: executing "images" at <eq 1>: error calling eq: missing argument for comparison'],
  ['{{lt true false}}', 'template: images:1:2: executing "images" at <lt true false>: error calling lt: invalid type for comparison'],
  ['{{len 3}}', 'template: images:1:2: executing "images" at <len 3>: error calling len: len of type int'],
  ['{{index (split "x,y" ",") 7}}', 'template: images:1:2: executing "images" at <index (split "x,y" ",") 7>: error calling index: index out of range: 7'],
  ['{{index .Labels 1}}', 'template: images:1:2: executing "images" at <index .Labels 1>: error calling index: value has type int; should be string'],
  ['{{slice "abc" 5}}', 'template: images:1:2: executing "images" at <slice "abc" 5>: error calling slice: index out of range: 5'],
  ['{{title .ID 3}}', 'template: images:1:2: executing "images" at <title>: wrong number of args for title: want 1 got 2'],
  ['{{printf}}', 'template: images:1:2: executing "images" at <printf>: wrong number of args for printf: want at least 1 got 0'],
  ['{{range .ID}}{{end}}', 'template: images:1:8: executing "images" at <.ID>: range can\'t iterate over 728c636b52a5'],
  ['{{"a" "b"}}', 'template: images:1:2: executing "images" at <"a">: can\'t give argument to non-function "a"'],
  ['{{nil}}', 'template: images:1:2: executing "images" at <nil>: nil is not a command'],
  ['{{foo}}', 'template: images:1: function "foo" not defined'],
  ['{{if}}', 'template: images:1: missing value for if'],
  ['{{}}', 'template: images:1: missing value for command'],
  ['{{end}}', 'template: images:1: unexpected {{end}}'],
  ['{{range .}}', 'template: images:1: unexpected EOF'],
  ['\n{{if true}}', 'template: images:2: unexpected EOF'],
  ['{{$x}}', 'template: images:1: undefined variable "$x"'],
  ['{{if true}}{{$x := 1}}{{end}}{{$x}}', 'template: images:1: undefined variable "$x"'],
  ['{{"a}}', 'template: images:1: unterminated quoted string'],
  ['{{"x" | 1}}', 'template: images:1: non executable command in pipeline stage 2'],
  ['{{.ID', 'template: images:1: unclosed action'],
  ['{{(1}}', 'template: images:1: unclosed left paren'],
  ["{{'ab'}}", "template: images:1: malformed character constant: 'ab'"],
  ['{{"a".x}}', String.raw`template: images:1: unexpected . after term "\"a\""`],
  ['{{/* unclosed }}', 'template: images:1: unclosed comment'],
  ['{{.ID-x}}', "template: images:1: bad character U+002D '-'"],
];

for (const [template, message] of refused) test(`renderTemplate() refuses ${JSON.stringify(template)}`, (t) => void t.throws(() => render(template), { code: 'TEMPLATE_INVALID', message }));

test('compileTemplate() finds mistakes of form at once', (t) => {
  t.throws(() => compileTemplate('{{nosuch}}'), { code: 'TEMPLATE_INVALID' });
  t.is(compileTemplate('{{f .}}', { f: (value: number) => value * 2 })(21), '42');
});

test('templates reach their data and nothing behind it', (t) => {
  for (const name of ['constructor', '__proto__', 'toString', 'hasOwnProperty']) {
    t.is(render(`{{.${name}}}`, {}), '<no value>', name);
    t.throws(() => render(`{{.${name}}}`, { ID: 'x' }), { code: 'TEMPLATE_INVALID' }, name);
    t.throws(() => render(`{{.ID.${name}}}`), { code: 'TEMPLATE_INVALID' }, name);
  }
});

test('goMap() makes a missing key "no value", even where keys look like fields', (t) => {
  t.is(render('{{.PATH}}{{.Missing}}', goMap({ PATH: '/bin' })), '/bin<no value>');
  t.throws(() => render('{{.Missing}}', { PATH: '/bin' }), { code: 'TEMPLATE_INVALID' });
});
