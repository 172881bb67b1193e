-- Takes the name out of spec.release.active: with Automatic promotion the services decide again what serves.
if obj.spec ~= nil and obj.spec.release ~= nil then
  obj.spec.release.active = nil
end
if obj.metadata.annotations ~= nil then
  obj.metadata.annotations["shop.emporium.dev/by"] = nil
  obj.metadata.annotations["shop.emporium.dev/because"] = nil
  obj.metadata.annotations["shop.emporium.dev/acted-on"] = nil
end
return obj
