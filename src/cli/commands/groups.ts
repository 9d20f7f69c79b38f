/** The nouns: commands that only hold others. A group is shown where a command lies below it. */
import type { GroupSpec } from '../spec.ts';

export const groups: readonly GroupSpec[] = [
  { path: ['container'], summary: 'Manage containers' },
  { path: ['image'], summary: 'Manage images' },
  { path: ['image', 'trust'], summary: 'Manage which images may come in' },
  { path: ['manifest'], summary: 'Put images of several platforms under one name' },
  { path: ['network'], summary: 'Manage networks' },
  { path: ['volume'], summary: 'Manage volumes' },
  { path: ['system'], summary: 'Manage skiff itself' },
];
