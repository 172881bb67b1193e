-- The operator goes on where the shop stands.
-- argocd-server runs it also where discovery.lua disables it, which only the pages of Argo CD look at.
local function gitHolds()
  for _, entry in ipairs(obj.metadata.managedFields or {}) do
    local spec = (entry.fieldsV1 or {})["f:spec"] or {}
    if (entry.manager == "argocd-controller" or entry.manager == "kustomize-controller") and spec["f:paused"] ~= nil then
      return true
    end
  end
  return false
end
if gitHolds() then
  error("Shop " .. obj.metadata.name .. ": Git holds spec.paused, and the next sync would put it back; commit the change there")
end
obj.spec = obj.spec or {}
obj.spec.paused = nil
return obj
