/** Names for containers that were given none: an adjective and a boat or a seafarer, as `swift_cutter`. */
import { randomBelow } from '../host/random.ts';

const adjectives = [
  'able', 'agile', 'amber', 'ample', 'apt', 'azure', 'blithe', 'bold', 'brave', 'breezy', 'bright', 'brisk', 'calm', 'candid', 'clear', 'clever', 'coastal',
  'copper', 'coral', 'cosy', 'crisp', 'daring', 'deft', 'eager', 'early', 'easy', 'epic', 'fair', 'fearless', 'fine', 'firm', 'fleet', 'fond', 'frank', 'free',
  'fresh', 'gallant', 'gentle', 'glad', 'golden', 'graceful', 'grand', 'hardy', 'hearty', 'high', 'honest', 'humble', 'jolly', 'keen', 'kind', 'lively', 'loyal',
  'lucid', 'lucky', 'mellow', 'merry', 'mighty', 'mild', 'modest', 'neat', 'nimble', 'noble', 'northern', 'patient', 'placid', 'plucky', 'polite', 'proud',
  'quick', 'quiet', 'rapid', 'ready', 'robust', 'rosy', 'salty', 'serene', 'sharp', 'silent', 'silver', 'simple', 'sleek', 'smooth', 'snug', 'solid', 'southern',
  'spry', 'stable', 'steady', 'stout', 'sturdy', 'sunny', 'sure', 'swift', 'tidy', 'trim', 'true', 'upbeat', 'vivid', 'warm', 'western', 'wise', 'witty', 'zesty',
] as const;

const nouns = [
  'anson', 'baltimore', 'barentsz', 'barge', 'bark', 'bligh', 'bonny', 'brig', 'bering', 'cabot', 'canoe', 'caravel', 'cartier', 'catamaran', 'clipper', 'cobble',
  'cook', 'coracle', 'corvette', 'curragh', 'cutter', 'dhow', 'dinghy', 'dory', 'drake', 'dugout', 'earhart', 'faering', 'felucca', 'flinders', 'fluyt', 'franklin',
  'frigate', 'frobisher', 'galleon', 'galley', 'gig', 'gondola', 'hudson', 'jolle', 'junk', 'kayak', 'ketch', 'knarr', 'launch', 'lugger', 'magellan', 'nansen',
  'nelson', 'outrigger', 'packet', 'pinnace', 'pirogue', 'polacre', 'pontoon', 'proa', 'punt', 'raft', 'raleigh', 'ross', 'sampan', 'schooner', 'scow', 'shackleton',
  'shallop', 'sloop', 'slocum', 'smack', 'tartane', 'tasman', 'tender', 'trawler', 'trimaran', 'tug', 'umiak', 'vancouver', 'vespucci', 'wherry', 'xebec', 'yawl',
] as const;

/** One of some eight thousand; not checked against those in use. */
export function randomName(): string {
  return `${adjectives[randomBelow(adjectives.length)]}_${nouns[randomBelow(nouns.length)]}`;
}
