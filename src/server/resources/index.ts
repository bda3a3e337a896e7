export { type DirectoryDefinition, directory } from './directory.ts'
export { type ResourceDefinition, resource } from './resource.ts'
export { type AnyTemplate, type ResourceTemplateDefinition, resourceTemplate } from './resource-template.ts'
export { createResources, type ResourceDefinitions, type Resources, type ResourcesOptions } from './resources.ts'
