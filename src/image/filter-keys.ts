/** The keys of `images --filter`, apart from the code, because help and completion need them and nothing else. */
export const imageFilterKeys = ['after', 'before', 'containers', 'dangling', 'digest', 'id', 'intermediate', 'label', 'manifest', 'readonly', 'reference', 'since', 'until'] as const;
