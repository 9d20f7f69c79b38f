import test from 'ava';
import { alignTabs } from '../../../src/lib/table.ts';

test('alignTabs() makes columns at least 12 wide with 2 blanks between', async (t) => {
  t.is(await alignTabs('ID\tNAME\nabc\tx\n'), 'ID          NAME\nabc         x\n');
  t.is(await alignTabs('CONTAINER ID\tIMAGE\n728c636b52a5\tx\n'), 'CONTAINER ID  IMAGE\n728c636b52a5  x\n');
});

test('alignTabs() leaves the last cell of a line alone', async (t) => {
  t.is(await alignTabs('a\tb\n'), 'a           b\n');
  t.is(await alignTabs('a long line without any column\nb\tc\n'), 'a long line without any column\nb           c\n');
});

test('alignTabs() ends a column where a line does not have it', async (t) => {
  t.is(await alignTabs('123456789012345\tx\nnone\na\tb\n'), '123456789012345  x\nnone\na           b\n');
});

test('alignTabs() takes other widths', async (t) => {
  t.is(await alignTabs('a\tb\tc\nlonger\t\tc\n', { minWidth: 0, padding: 1 }), 'a      b c\nlonger   c\n');
});

test('alignTabs() measures wide and combining characters as a terminal shows them', async (t) => {
  t.is(await alignTabs('日本\tx\nab\ty\n', { minWidth: 0 }), '日本  x\nab    y\n');
  t.is(await alignTabs('e\u0301\tx\nab\ty\n', { minWidth: 0 }), 'e\u0301   x\nab  y\n');
});
