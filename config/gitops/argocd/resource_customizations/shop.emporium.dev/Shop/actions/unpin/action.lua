-- Takes the name out of spec.release.active: with Automatic promotion the services decide again what serves.
-- argocd-server runs it also where discovery.lua disables it, which only the pages of Argo CD look at.
local function gitHolds()
  for _, entry in ipairs(obj.metadata.managedFields or {}) do
    local release = ((entry.fieldsV1 or {})["f:spec"] or {})["f:release"] or {}
    if (entry.manager == "argocd-controller" or entry.manager == "kustomize-controller") and release["f:active"] ~= nil then
      return true
    end
  end
  return false
end
if gitHolds() then
  error("Shop " .. obj.metadata.name .. ": Git holds spec.release.active, and the next sync would put it back; commit the change there")
end
if obj.spec ~= nil and obj.spec.release ~= nil then
  obj.spec.release.active = nil
end
if obj.metadata.annotations ~= nil then
  obj.metadata.annotations["shop.emporium.dev/by"] = nil
  obj.metadata.annotations["shop.emporium.dev/because"] = nil
  obj.metadata.annotations["shop.emporium.dev/acted-on"] = nil
end
return obj
