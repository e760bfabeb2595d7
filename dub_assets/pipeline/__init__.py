"""One plain function an asset: ports and domain values in, domain values out."""
