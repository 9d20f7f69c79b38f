/** Expected texts are those of Go 1.19, as Podman 4.3.1 prints them in `inspect --format`. */
import test from 'ava';
import { GoTime, zeroTime } from '../../../src/lib/go-time.ts';
import { nilList, nilMap, omitEmpty, renderTemplate } from '../../../src/lib/template.ts';

const data = {
  Created: new GoTime('2026-11-28T21:33:01.759501573Z'), Started: new GoTime('2026-11-28T21:33:01.933762564Z'), Round: new GoTime('2026-01-02T03:04:05.12Z'),
  Never: new GoTime(zeroTime), East: new GoTime('2024-03-04T05:06:07+02:00'),
};
const shown: readonly (readonly [string, string])[] = [
  ['{{.Created}}', '2026-11-28 21:33:01.759501573 +0000 UTC'],
  ['{{.Round}} {{.Never}}', '2026-01-02 03:04:05.12 +0000 UTC 0001-01-01 00:00:00 +0000 UTC'],
  ['{{.East}}', '2024-03-04 05:06:07 +0200 +0200'],
  ['{{.East.UTC}} {{.East.Hour}}', '2024-03-04 03:06:07 +0000 UTC 5'],
  ['{{.Created.Year}} {{.Created.Month}} {{.Created.Day}} {{.Created.Weekday}} {{.Created.YearDay}}', '2026 November 28 Saturday 332'],
  ['{{.Created.Unix}} {{.Created.UnixNano}} {{.Created.Nanosecond}} {{.Never.Unix}}', '1795901581 1795901581759501573 759501573 -62135596800'],
  ['{{.Created.IsZero}} {{.Never.IsZero}}', 'false true'],
  ['{{.Created.Format "2006-01-02T15:04:05Z07:00"}}', '2026-11-28T21:33:01Z'],
  ['{{.Round.Format "Mon Jan _2 3:04:05.000 PM 06"}}', 'Fri Jan  2 3:04:05.120 AM 26'],
  ['{{.East.Format "02.01.2006 -0700 -07:00"}}', '04.03.2024 +0200 +02:00'],
  ['{{.Started.Before .Created}} {{.Started.After .Created}} {{eq .Created .Created}} {{ne .Created .Started}}', 'false true true true'],
  ['{{(.Started.Sub .Created).Seconds}}', '0.174260991'],
  ['{{json .Created}} {{json .East}}', '"2026-11-28T21:33:01.759501573Z" "2024-03-04T05:06:07+02:00"'],
  ['{{printf "%T %s" .Round .Round}}', 'time.Time 2026-01-02 03:04:05.12 +0000 UTC'],
  ['{{if .Never}}a struct is true{{end}}', 'a struct is true'],
];

for (const [template, text] of shown) test(`GoTime in ${template}`, (t) => void t.is(renderTemplate(template, data), text));

test('GoTime of a text that is no time counts as never, and stays in JSON', (t) => {
  const time = new GoTime('yesterday');
  t.true(time.IsZero());
  t.is(JSON.stringify(time), '"yesterday"');
});

test('nilMap() and nilList() are empty to templates and null in JSON', (t) => {
  const empty = { Labels: nilMap(), Cmd: nilList() };
  t.is(renderTemplate('{{.Labels}}{{.Cmd}}{{len .Labels}}{{len .Cmd}}{{index .Labels "x"}}{{range .Labels}}x{{end}}{{if .Cmd}}x{{end}}', empty), 'map[][]00');
  t.is(renderTemplate('{{json .Labels}}{{json .Cmd}}', empty), 'nullnull');
  t.is(JSON.stringify(empty), '{"Labels":null,"Cmd":null}');
});

test('omitEmpty() shows templates what JSON leaves out', (t) => {
  const view = omitEmpty({ Cmd: nilList(), User: '' }, { User: 'u' });
  t.is(renderTemplate('{{.User}}{{.Cmd}}', view), 'u[]');
  t.is(renderTemplate('{{json .}}', view), '{"User":"u"}');
  t.throws(() => renderTemplate('{{.Else}}', view), { code: 'TEMPLATE_INVALID' });
});
